"""What a study records: the folder, its ledger, and MLflow as a mirror of both.

- study: the study folder, and which driver is at work on it.
- events: a dataclass per event. ledger: events as immutable files.
- records, selections, winner, extensions: trials, selections over seeds, the trial that is used and
  how far a study goes, computed from events.
- requests: what users ask of the driver at work. drivers: how long drivers worked.
- runs: the MLflow run that a record becomes. background: a mirror in a thread of its own.
- mlflow: the mirror. environment: package versions and the state of the code.
"""
