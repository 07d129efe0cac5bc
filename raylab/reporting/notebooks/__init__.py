"""What a function that runs long shows by itself: `watched` is lines of text, and in a notebook the
view of `panel`.
"""
