"""The kinds of readouts, a file each, and what they share.

scikit-learn is imported on use: it costs every trial's process more than half a second, and few
trials need it. Where it is slow, the same is computed at once instead: ridge for all penalties from
one eigendecomposition, naive Bayes as two matrix products, all classes of a linear SVM together,
discriminant analysis in the smaller of the spaces of features and of examples. Tests hold all of
them to scikit-learn. Forests (`boosting`, `extra_trees`) are kept as the arrays of `trees`;
`components` are the principal components of `nearest`.
"""
