"""What the format `suite2p` is made of: options, planes, the recording of all planes, the baseline
of dF/F, notes.
"""
