"""What `inspect` says of sessions, prepared or raw.

- description: the results. entries: results of the entries of a manifest.
- recordings: raw recordings as `prepare` would record them; sessions_with_parts: for drawing.
"""
