"""What is asked of trained models: each verb is a module of its name.

What several verbs use, or what one verb needs besides, lies in rooms: `models` (a study's winner, a
trained model with its data, its scores), `comparison` (embeddings of other methods), `ranking`
(studies beside each other), `reproduction` (what a trained-again trial is held against), `scaling`
(grids over seeds, and their points and laws), `selection` (candidates over seeds), `extension`
(what may be added to a study).
"""
