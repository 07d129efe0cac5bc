"""Grids at fixed settings over seeds, their points and the laws fitted to them."""
