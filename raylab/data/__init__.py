"""Recordings of any format, prepared datasets, and what models see of them.

- What a file is: `looking/` shows what is in it, and `drafting/` and `draft.py` write a first
  recipe for it; `inspect.py` is their verb, with
  `describing/`.
- From a file to a session: `readers/` (or `allen/`) makes a `session.py` of a file by a recipe
  (`recipe.py`, `recipe_sections/`, `recipe_defaults.py`, `companion_spec.py`, `load_recipe.py`,
  `recipes/`). `labels/` has the classes and intervals of labels, and `checks/` refuses or notes
  what looks wrong. `from_arrays.py`, `array_inputs.py`, `array_values.py` and
  `pynapple_objects.py` do the same for arrays in memory.
- From sessions to a dataset: `prepare.py`, with `preparation/`, `splitting/`, `manifests/`,
  `manifest.py` and `stored.py`; `dataset.py` opens it.
- From a dataset to rows: `views/` and `examples.py`; `shard.py` and `shards.py` share them among
  workers.
- Where files come from: `fetching/` downloads them, from the archives of `allen/` and `dandi/`;
  `synth.py`, `synth_spikes.py` and `synthesis/` write synthetic recordings.
"""
