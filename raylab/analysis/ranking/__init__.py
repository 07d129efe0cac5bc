"""What a ranking of several studies consists of: its entrants and its rows."""
