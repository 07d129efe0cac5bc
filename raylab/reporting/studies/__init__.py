"""What `raylab.Study` shows: `trial` is one of its trials, `table` all of them as a DataFrame,
`plots` the charts of its report by name, `card` the study in a notebook.
"""
