"""What MATLAB files hold that only MATLAB can read, and how to convert it there."""

from __future__ import annotations

CONVERSIONS = {
    "string": "char or cellstr",
    "datetime": "posixtime or datenum",
    "duration": "seconds",
    "table": "table2struct(x, 'ToScalar', true)",
    "timetable": "timetable2table, then table2struct(x, 'ToScalar', true)",
    "categorical": "cellstr",
    "containers.Map": "keys and values",
}
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
PLAIN = frozenset({"double", "single", "logical", *INTEGERS, "char", "cell", "struct"})


def why_object(kind: str) -> str | None:
    """The reason why a variable of a class is not read; None where the class is plain, or empty."""
    if not kind or kind in PLAIN:
        return None
    if kind == "function_handle":
        return "a function of MATLAB, which holds no data"
    cure = CONVERSIONS.get(kind, "its own functions")
    return f"an object of MATLAB's class '{kind}'; in MATLAB, convert it with {cure} and save again"
