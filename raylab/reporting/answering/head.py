"""The top of the report of an answer: its sentence, and the numbers that it rests on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

from markupsafe import Markup

from raylab.reporting.answering.facts import AnswerFacts
from raylab.reporting.markup import render
from raylab.reporting.score_files.answer import AnswerFile
from raylab.reporting.sections.head import Card
from raylab.reporting.tables.answer import folds_text, interval_text, metric_of
from raylab.reporting.tables.cells import number
from raylab.reporting.verdict import Verdict

_WITHOUT = "There is no answer yet. `raylab resume` goes on with the study."
_KINDS: Mapping[str, Literal["wins", "loses"]] = {
    "better": "wins",
    "chance": "loses",
    "contradicted": "loses",
}


def answer_head(facts: AnswerFacts) -> Markup:
    """Name, description, the sentence in a box, and cards."""
    answer = facts.answer
    verdict = Verdict("open", _WITHOUT)
    if answer is not None:
        verdict = Verdict(_KINDS.get(answer["outcome"], "open"), answer["sentence"])
    return render(
        "head.html",
        name=facts.study.study.name,
        parts=_description(facts),
        verdict=verdict,
        cards=_cards(answer) if answer else [],
    )


def _description(facts: AnswerFacts) -> list[str]:
    study = facts.study.study
    return [
        f"answer for {study.label}",
        f"data {study.data}",
        f"fingerprint {study.fingerprint[:12]}",
        *([folds_text(facts.answer["folds"])] if facts.answer else []),
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(study.created)),
    ]


def _cards(answer: AnswerFile) -> list[Card]:
    recommended, baseline, best = answer["recommended"], answer["baseline"], answer["best"]
    if recommended is None:
        return []
    metric, read = metric_of(answer), recommended["score"] is not None
    part = "on test" if read else "on validation"
    score = recommended["score"] if read else answer["validation"]["score"]["value"]
    chance = answer["chance"] if read else answer["validation"]["chance"]
    difference = answer["difference"] if read else answer["validation"]["difference"]
    cards = [Card(number(score), f"{metric} {part}: recommended ({recommended['name']})", "best")]
    if baseline is not None:
        if baseline["score"] is not None:
            cards.append(Card(number(baseline["score"]), f"best baseline ({baseline['name']})"))
        interval = interval_text(difference)
        name = "recommended less best baseline" + (f" ({interval})" if interval else "")
        cards.append(Card(number(difference["value"]), name))
    if best is not None and best["score"] is not None and best["name"] != recommended["name"]:
        cards.append(Card(number(best["score"]), f"best mean ({best['name']})"))
    return [
        *cards,
        Card(number(chance), "chance"),
        Card(str(answer["reads_of_test"]), "reads of test"),
    ]
