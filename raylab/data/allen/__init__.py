"""Sessions of the Allen Brain Observatory: fetching them, and reading their files.

Fetching: `fetch.py` chooses sessions and downloads them. `ophys_catalogue.py` and
`ecephys_catalogue.py` list what the warehouse has, by queries of `rma.py`; `listing.py` filters the
lists, and `match.py` compares them with the files that are there already. `raylab.data.fetching`
brings the files.

Reading: `ophys.py` and `ecephys.py` make sessions, with the options of `recipes.py`. allensdk reads
the files. Its pins fit no other package, so it runs in an environment (`environment.py`) and a
process (`process.py`, `reader_process.py`) of its own. `stimuli.py` names the labels; `tables.py`
and `presentations.py` choose units and presentations and count spikes.
"""
