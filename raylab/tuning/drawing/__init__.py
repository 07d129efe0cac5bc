"""Where trials come from. A searcher hands trials to Ray Tune one by one.

- `searcher`: the searcher of a study; it records every trial in Optuna's database.
- `trial_draws`: draws new trials with a sampler and rejects those that break constraints.
- `samplers`: one builder per sampler; their config classes are in `raylab.space.samplers`.
- `warm_start`: trials of earlier studies that inform the sampler.
- `population`, `exploring`: population-based training.
- `fixed`: a searcher for configs that are trained again with other seeds.
- `optuna_private`: all uses of Optuna's private attributes.
"""
