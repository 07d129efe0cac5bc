"""Tables for a terminal, a page and CSV files.

`leaderboard` ranks the trials of a study; `leaderboard_csv` writes the rows, `leaderboard_terminal`
prints them, `leaderboard_notes` is what stands below them, and `notes` explains single trials.
`ranking` is the leaderboard of several studies, `selection` a selection over seeds, `alternatives`
a comparison of alternatives, `scaling` a scaling study. `cells` turns values into text, `grid` fits
a table into a terminal.
"""
