"""Candidates trained again over seeds, and the champion chosen among them."""
