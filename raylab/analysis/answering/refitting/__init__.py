"""What follows the search of an answer.

`folding` makes the choices of each fold and scores its test part, `refits` fits what was chosen
again, `final` says which configs are fitted on all samples, and `finishing` does all of this in its
order. `chance` gives the losses of a constant prediction.
"""
