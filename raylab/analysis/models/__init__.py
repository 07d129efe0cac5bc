"""Models of a study: the winner, a trained model with its data, and its decoding scores."""
