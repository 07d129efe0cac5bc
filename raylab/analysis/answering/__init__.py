"""The parts of `raylab.answer`: which entrant decodes a label best, how much better than the best
baseline, and how sure that is.

`results.py` is the answer, and `outcomes.py` what each fold came to. `verdict.py` concludes the
answer: `pooling.py` puts the losses of folds together, `choices.py` scores what the folds chose,
`overall.py` makes the set over all folds, `rows.py` the tables, and `outcome.py` decides what the
numbers amount to. `sentence.py` says it in words, `bewares.py` where nobody should build on it,
`remarks.py` what else to know; `phrases.py` and `wording.py` are the parts of sentences.

`choosing.py` makes the choices of one fold by its validation part: `contestants.py` is an entrant
with the candidates of its trials, `ensemble.py` the ensemble of the best few, and `simplicity.py`
the order in which what cannot be told apart is preferred.

`fitting.py` fits one config on one fold; `gathering.py` gathers its candidates while it trains, and
`steps.py` says at which steps of training there are candidates.
"""
