"""The clock of a session: time stamps, their rate and pauses, trials, and uniform clocks."""
