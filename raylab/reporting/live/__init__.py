"""A page on this machine that follows a study while it runs.

`page` makes the page, which is self-contained, and what it polls; `server` answers the requests of
browsers on this machine, and of nobody else.
"""
