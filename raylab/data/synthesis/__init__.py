"""Synthetic two-photon sessions with known latents, for `raylab.data.synth`.

`truth.py` draws what happens in a session, `fluorescence.py` makes the activity of units from it
(`mixed.py` of units with mixed tuning),
and `two_photon_file.py` the content of a torch_brain file.
"""
