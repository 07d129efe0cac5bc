"""The sections of a recipe; docs/recipes.md explains every key.

- session_names: `session`. activity: `neural` and `segments`. clock: `time`. spike_times: `spikes`.
- label: `labels`. feature_tables: `features`. types: what several sections share.
"""
