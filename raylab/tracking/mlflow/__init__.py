"""MLflow as a mirror of the ledger. Only modules of this folder import mlflow, inside functions,
since the import takes seconds. They use the public client alone.

- mirror: brings MLflow to the ledger's state. trial_mirror, study_mirror: the run of a trial and
  that of the study.
- stored_run: a run as MLflow has it. model_registry: registered models. datasets: the dataset of a
  study as an input of its runs.
- addresses: where stores and artifacts are. client: connections.
"""
