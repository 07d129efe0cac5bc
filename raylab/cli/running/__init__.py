"""Verbs about studies that run, or that are to run on."""
