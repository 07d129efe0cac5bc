"""What the JSON files in a study's folder `scores` hold, which is what verbs return as `to_dict()`.

`common` has what all of them share, `embeddings` the scores that compare embeddings, `selection` a
selection over seeds, `scaling` a scaling study. `ranking` is the leaderboard of several studies.
"""
