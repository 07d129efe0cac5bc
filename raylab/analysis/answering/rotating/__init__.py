"""Further validation parts for the choices of a fold.

One validation part has few units, so that the entrants of a fold often cannot be told apart.
`planned` says which entrants of a fold are fitted again, each time with another part left out to
validate them, `rotations` runs these fits, and `rotated` reads what they predicted. The test part
of a fold stays unread.
"""
