"""How sure a choice among models is: losses in, sets and intervals out, without files.

- held_out: what is predicted, cut into units. units: what counts as one. losses: of examples, such
  that their weighted mean is exactly 1 - the label's primary score.
- cross_fit: the loss of an entrant that tried several candidates, without favour to many tries.
- confidence_set: which entrants the data cannot tell from the best one.
- means: the mean of units in order of time, its error. intervals: of such means.
- beyond_chance: which entrants predict better than a constant.
- numbering: one numbering of the classes of all sessions.
"""
