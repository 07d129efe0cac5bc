"""Files of the DANDI archive, listed and downloaded through its public REST interface.

`archive.py` asks the archive, `assets.py` chooses files, `match.py` compares them with what is
there, `digests.py` verifies what came, and `fetch_dandi.py` is `raylab.fetch_dandi`.
"""
