"""Recordings of any format, prepared datasets, and what models see of them.

`session.py` is a recording in memory, which `readers/` (or `allen/`) makes of a file by a recipe
(`recipe.py`, `recipe_sections.py`, `load_recipe.py`). `prepare.py` turns recordings into a dataset
(`preparation/`, `splitting/`, `manifest.py`, `manifest_checks.py`, `stored.py`), which `dataset.py`
opens and `inspect.py` describes. `views/` and `examples.py` make rows of it, and `shard.py` and
`shards.py` share these among workers. `synth.py`, `synth_spikes.py` and `synthesis/` write
synthetic recordings.
"""
