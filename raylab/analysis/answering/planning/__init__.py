"""Before an answer runs: `question` is what was asked, `plan` checks it against a dataset, and
`folds` deals the dataset's outer folds.
"""
