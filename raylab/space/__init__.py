"""Search spaces: what a space file says, and what follows from it without Ray, Optuna or data.

- `sections`: what a space file says; `space`: the space and its config of each draw.
- `load_space`: a space of a file; `overrides`: `--set`; `blame`: lines in errors.
- `parameters`: one searched parameter. `conditions`: `when`. `constraints`: between parameters.
- `samplers`, `schedulers`: registries of these sections; `kinds`: keys of other kinds.
- `settings`: objective, budget and resources. `earlier`: `warm_start`.
- `draws`, `grid`: random draws and all points of a grid. `units`: values in samples.
- `shipped`: the spaces of `raylab/space/spaces`, by name.
"""
