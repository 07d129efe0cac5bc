"""What a trial is, as typed, frozen models: one file a section of a config.

An unknown key is an error, and a choice (`kind`) is a discriminated union, so that a parameter
exists only where its choice was made. Import a section from its own file; `families.py` lists the
families.
"""
