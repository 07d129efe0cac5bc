"""What a study is doing, computed from its ledger by pure functions.

`progress` reads a study and gives its `Progress`, whose classes are in `results`. `settings` has
what study.json and space.yaml say of the work, `stages` says which trials belong to the work at
hand and how many there will be. `running` has the trials at work, `standing` the best so far beside
the best baseline, `ended` the trials that ended last. `costs` measures what trials take, `left` is
the time left, `left_of_answer` that of an answer. `several` adds up the studies of a scaling study.
`follower` reads a folder again and again while its study runs. `wording` turns all of this into
short texts. Every view of a study at work is drawn from `Progress`: the live view of a terminal,
plain lines, `raylab watch`, the live page, notebooks.
"""
