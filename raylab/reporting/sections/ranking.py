"""The ranking of several studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from raylab.reporting.markup import render
from raylab.reporting.score_files.ranking import Ranking, RankingRow
from raylab.reporting.tables.ranking import interval_text, remarks, seeds_text


@dataclass(frozen=True)
class Row:
    """`use`: whether this row is the best on validation."""

    use: bool
    cells: Sequence[str]


def ranking_section(ranking: Ranking) -> Markup:
    """Remarks, and a row per model or baseline, best first."""
    test = ranking["split"] == "test"
    heads = ["", "name", "family", "trial", ranking["metric"], "95 % interval"]
    heads += [*(["on valid"] if test else []), "over seeds, in the study's own objective"]
    heads += ["read by", "seconds"]
    rows = [Row(row["use"], _cells(row, test=test)) for row in ranking["rows"]]
    return render("ranking.html", remarks=remarks(ranking), heads=heads, rows=rows)


def _cells(row: RankingRow, *, test: bool) -> list[str]:
    place = "" if row["rank"] is None else str(row["rank"])
    valid = "" if row["valid"] is None else f"{row['valid']:.3f}"
    return [
        f"{place}*" if row["use"] else place,
        row["name"],
        row["family"],
        row["trial"] or "",
        f"{row['score']:.3f}",
        interval_text(row["interval"]),
        *([valid] if test else []),
        seeds_text(row["seeds"]) if row["seeds"] else "",
        row["readout"] or "",
        "" if row["seconds"] is None else f"{row['seconds']:.1f}",
    ]
