"""Spike times, their units, and their counts in bins."""
