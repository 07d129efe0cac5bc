"""The sections of a report, each in a file of what it shows.

Each function takes the facts of a study and returns the section's content, or None where it has
nothing to show. It prepares plain values; a template of the folder `templates` makes the markup.
`head` is the top of the page; `leaderboard`, `selection`, `charts`, `predictions`, `embedding`,
`codes`, `frames`, `scores`, `test_split`, `data`, `cost` and `provenance` follow. `score_kinds`
summarises each kind of score.
"""
