"""From stored values to labels and groups.

`values.py` (and `text_numbers.py`) makes stored values a label, `tables.py` reads the columns of
tables, `group_ids.py` makes values the ids of groups. `intervals.py` reads tables of intervals with
`bounds.py`, their starts and stops. `events.py` refuses stamps that are no instants.
"""
