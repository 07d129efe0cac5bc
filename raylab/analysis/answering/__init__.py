"""The parts of `raylab.answer`: which entrant decodes a label best, how much better than the best
baseline, and how sure that is.

`results.py` is the answer, `outcomes.py` what each fold came to, `pooling.py` puts the folds
together, `verdict.py` concludes the answer from them, and `sentence.py` says it in words.

`choosing.py` makes the choices of one fold by its validation part: `contestants.py` is an entrant
with the candidates of its trials, `ensemble.py` the ensemble of the best few, and `simplicity.py`
the order in which what cannot be told apart is preferred.

`fitting.py` fits one config on one fold; `gathering.py` gathers its candidates while it trains, and
`steps.py` says at which steps of training there are candidates.
"""
