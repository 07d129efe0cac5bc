"""Labels from raw activity, by trained models.

- `stretch` is activity as a model's view shows it; `prediction` is what a model says of it, and as
  users see it; `predicts` has the methods `predict` and `predict_proba` of models and predictors.
- `decoders` predicts by decoder models. `readouts` fits readouts on embeddings; `member` joins the
  two as one model of a predictor. `embedding` is an embedding of a study, which predicts so, too.
- `files` saves and loads predictors; `keeping` makes one of trained trials.
"""
