"""Several models that predict one label: probabilities of classes, and means over models."""
