"""The search of an answer.

`search` runs trials until its time is used; `halving` says which is next, `board` where every
entrant stands in every fold. `trials` runs them in a pool and records them, `curves` has their
validations. `clock`, `costs` and `reserve` keep the budget: the time left, what trials take, and
what follows the search.
"""
