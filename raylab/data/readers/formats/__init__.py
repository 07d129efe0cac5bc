"""One file per format; `raylab.data.readers.registry` says which function of it opens a file."""
