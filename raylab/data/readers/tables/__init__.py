"""Formats of tables: one array per column."""
