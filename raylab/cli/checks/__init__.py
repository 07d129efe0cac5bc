"""Checks of a verb's arguments, made before any work and before any heavy import.

A verb calls the function of its name first. The function reads `study.json`, the ledger and the
manifest of the dataset, and raises an error that names the option and what to write instead.
`evaluate`, `export`, `several` (leaderboard and report of several studies), `spaces` (compare,
scale, adapt) and `answer` are such functions; `studies`, `data` and `outputs` are what they share.
"""
