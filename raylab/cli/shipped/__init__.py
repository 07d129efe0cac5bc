"""Verbs about what raylab ships: `spaces`."""
