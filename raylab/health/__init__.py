"""What `raylab doctor` looks at. A check is a pure function from facts to a finding; `doctor.py`
gathers the facts.
"""
