"""Running the trials of a study. `ARCHITECTURE.md` says how the parts work together.

The verbs:

- `search`, `train`: start a study.
- `plan`: says what `search` would do. `sync`: brings MLflow up to date.

A study:

- `run`: creates a study's folder and runs what is missing of it.
- `driver`: runs trials and records each in the ledger. `tune_run`: the part that knows Ray Tune.
- `job`: what a trial's process needs. `actor`: that process. `callbacks`: what Tune reports.
- `pool`: warm processes that run jobs which are no trials of Tune, such as those of an answer.
- `under_way`: a search while it runs. `extending`: what extensions add to it.
- `control`: what users ask of a driver. `steering`: the scheduler that heeds it.
- `outcome`: how a trial ended. `stopping`: when a search begins no further trial.
- `schedulers`: stop trials early; `tune_private` holds all uses of Ray Tune's private attributes.
- `leftovers`: ends what a killed driver left running.
- `study_report`: the leaderboard and report at the end.

Rooms: `drawing` (where trials come from), `checks` (of a space), `planning` (before a search).
"""
