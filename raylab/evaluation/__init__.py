"""Scores of models and of embeddings.

- metrics: the table of all metrics; metric_table: its rows. formulas: the formulas of the scores
  of predictions.
- scores: the scores of predicted labels, and those of the best constant prediction.
- bootstrap, chance, summaries: intervals, permuted labels, means over seeds and sessions.
- decoding, reading, pooling: labels decoded from features at the reference samples. obstacles: why
  a label has no score.
- neighbours, readouts, readout_method, readout_methods: the decoders. class_weights: classes that
  count the same, however often they occur.
- baselines: the same decoders on activity without a model. confusion: which classes are mixed up.
- reconstruction, codes: scores of rebuilt activity and of codebooks.
- consistency, comparison, topology, unit_correlation: embeddings and units compared.
- certainty: how sure a choice among models is (units, cross-fitting, confidence sets, intervals).
- choice, power_law: a choice among candidates; a law of the error over sizes.
"""
