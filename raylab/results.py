"""What public functions return: frozen dataclasses that become plain JSON values, and are short in
a console and tables in a notebook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

_LONGEST = 160  # characters of a repr
_LONGEST_TEXT = 40  # characters of a text in a repr
_LONGEST_CELL = 300  # characters of a cell
_MOST_ROWS = 20  # of a table in a notebook; those in the middle are left out


@dataclass(frozen=True)
class Result:
    """A result of a public function.

    A field whose metadata has `omit_none` is left out of `to_dict()` while it is None. A field
    whose metadata has `hidden` is none of the result's values: it is never in `to_dict()`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__repr__" not in vars(cls):  # a dataclass leaves a `__repr__` of the class alone
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def to_dict(self) -> dict[str, Any]:
        """The result as nested dicts, lists, text, numbers and None: what `--json` prints."""
        values = ((field, getattr(self, field.name)) for field in fields(self))
        return {
            field.name: _plain(value)
            for field, value in values
            if not (value is None and field.metadata.get("omit_none"))
            and not field.metadata.get("hidden")
        }

    def __repr__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        stated = [f"{name}={_brief(value)}" for name, value in values if value is not None]
        while len(", ".join(stated)) > _LONGEST:
            stated = [*stated[: -2 if stated[-1] == "..." else -1], "..."]
        return f"{type(self).__name__}({', '.join(stated)})"

    def _repr_html_(self) -> str:
        return values_html(self.to_dict(), title=type(self).__name__)


def _plain(value: Any) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _brief(value: Any) -> str:
    """A value in a repr: numbers and short texts as they are, of what holds others how many."""
    if isinstance(value, Result):
        return f"{type(value).__name__}(...)"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}...")
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping | list | tuple):
        count = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
        return f"{{{count}}}" if isinstance(value, Mapping) else f"[{count}]"
    return repr(value)


def values_html(values: Mapping[str, Any], *, title: str = "") -> str:
    """Plain values as HTML for a notebook: a table of names and values, and a table of its own for
    each list of mappings. Nested names are joined by points. pandas escapes what is text.
    """
    import pandas as pd  # slow; `import raylab` is quick

    tables = {name: value for name, value in values.items() if _are_rows(value)}
    others = {name: value for name, value in values.items() if name not in tables}
    parts = []
    if others:
        flat = pd.json_normalize(others).T.reset_index()
        flat.columns = pd.Index([title or "name", "value"])
        parts.append(_frame_html(flat[flat["value"].notna()]))
    parts += [
        _frame_html(pd.DataFrame({name: [f"{len(rows)} rows"]})) + rows_html(rows)
        for name, rows in tables.items()
    ]
    return "".join(parts)


def rows_html(rows: Sequence[Mapping[str, Any]]) -> str:
    """Mappings as the rows of an HTML table for a notebook. Nested names are joined by points."""
    import pandas as pd

    return _frame_html(pd.json_normalize([dict(row) for row in rows]))


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _frame_html(frame: Any) -> str:
    import pandas as pd

    with pd.option_context("display.max_colwidth", _LONGEST_CELL):
        html: str = frame.to_html(
            index=False,
            na_rep="",
            max_rows=_MOST_ROWS,
            border=0,
            float_format=lambda number: f"{number:.4g}",
        )
    return html
