"""What labels are made of: `classes.py` names and codes the values of discrete labels, and
`intervals.py` is the section of a recipe that describes tables of intervals.
"""
