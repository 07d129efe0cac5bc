"""A study that runs, followed on a terminal, in plain lines or on a page.

`terminal` redraws the `panel`, `lines` prints plain lines. `watching` follows a study that another
process runs, `live_server` serves its page. `tally` counts the progress of `prepare`; that of a
study comes from `raylab.reporting.progress.follower`.
"""
