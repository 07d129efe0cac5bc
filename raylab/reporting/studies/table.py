"""The trials of a study as a flat table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raylab.reporting.tables.notes import note
from raylab.tracking.records import TrialRecord

if TYPE_CHECKING:
    import pandas as pd

_ALWAYS = ("trial", "state", "score", "step", "seconds")
_WHERE_KNOWN = ("fold", "entrant", "of", "origin")  # fields of the record


def trials_table(records: Sequence[TrialRecord], metrics: Sequence[str]) -> pd.DataFrame:
    """One row per trial, in the order in which the trials began.

    The columns are `trial`, `state`, `score`, `step` and `seconds`; `fold`, `entrant`, `of` and the
    like where any trial has them; `scores.<metric>` where there are several objectives; `note`; and
    `params.<path>` and `metrics.<name>`. A cell is missing where a trial has no such value.

    Args:
        metrics: Of the objectives.
    """
    import pandas as pd  # slow; the drivers of studies do not need it

    rows = [_row(record, metrics) for record in records]
    heads = list(dict.fromkeys(head for row in rows for head in row))
    groups = ("scores.", "params.", "metrics.")
    plain = [head for head in heads if not head.startswith(groups)]
    ordered = plain + [head for group in groups for head in heads if head.startswith(group)]
    table = pd.DataFrame(rows, columns=ordered or list(_ALWAYS))
    # Whole numbers stay whole where other trials lack the value.
    return table.astype({head: "Int64" for head in ordered if _are_whole(rows, head)})


def _are_whole(rows: Sequence[dict[str, Any]], head: str) -> bool:
    """Whether some rows lack a value and all others have a whole number."""
    values = [row[head] for row in rows if head in row]
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    return whole and len(values) < len(rows)


def _row(record: TrialRecord, metrics: Sequence[str]) -> dict[str, Any]:
    stated = {name: getattr(record, name, None) for name in _WHERE_KNOWN}
    remark = note(record)
    return {
        **{name: getattr(record, name) for name in _ALWAYS},
        **{name: value for name, value in stated.items() if value is not None},
        **({"note": remark} if remark else {}),
        **{f"scores.{metric}": score for metric, score in zip(metrics, record.scores)},
        **{f"params.{path}": value for path, value in record.params.items()},
        **{f"metrics.{name}": value for name, value in record.metrics.items()},
    }
