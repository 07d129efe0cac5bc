"""What a trial that is trained again is held against: its lineage, weights and environment."""
