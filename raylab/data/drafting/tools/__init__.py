"""Drafts for the folders and files of tools that know where their activity is."""
