"""What `raylab.data.prepare` does.

`places.py` says what the sources are. `sections.py` reads splits and filters, `budget.py` says
how many files are read at once, `tasks.py` prepares one session and `running.py` many, in threads
(`threads.py`) or on a cluster (`parallel.py`); `progress.py` says what was done. `publishing.py`
checks the whole set. `prepared.py` splits a prepared dataset again, or joins several with
`joining.py`. `workspace.py` is the folder they write to, `writing.py` the files in it, and
`filters.py` judges units.
"""
