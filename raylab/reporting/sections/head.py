"""The top of a study's report: its name, the verdict and the most important scores."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from markupsafe import Markup

from raylab.reporting.baselines import BASELINE_NAMES
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render
from raylab.reporting.tables.selection import selection_sentences
from raylab.reporting.verdict import Champion, Verdict, count_states, verdict


@dataclass(frozen=True)
class Card:
    """A number in large print with its name below."""

    value: str
    name: str
    style: str = ""


def head(facts: StudyFacts) -> Markup:
    """Name, description, verdict and cards."""
    outcome = study_verdict(facts)
    name, parts = facts.study.name, _description(facts)
    return render("head.html", name=name, parts=parts, verdict=outcome, cards=_cards(facts))


def study_verdict(facts: StudyFacts) -> Verdict:
    """Whether the winner beats its baselines, which trials cannot be told from it, and how often
    the test split was read.
    """
    outcome = verdict(
        facts.records,
        mode=facts.mode,
        more=facts.modes[1:],
        metric=facts.metric,
        baselines=facts.matched,
        compared=facts.compared,
        champion=_champion(facts),
        label=facts.study.label,
    )
    sentences = [outcome.text]
    if facts.ties is not None and facts.selection is None:  # seeds tell more than one validation
        sentences.append(facts.ties.text)
    times = len(facts.test_reads)
    if times:
        count = "once" if times == 1 else f"{times} times"
        sentences.append(f"The test split was read {count}.")
    return replace(outcome, text=" ".join(sentences))


def _description(facts: StudyFacts) -> list[str]:
    study = facts.study
    label = f" of {study.label}" if study.label else ""
    aims = [
        f"{'highest' if mode == 'max' else 'lowest'} "
        f"{metric}{label if metric.startswith('decoding.') else ''}"
        for metric, mode in zip(facts.metrics, facts.modes)
    ]
    return [
        f"{study.family} {study.kind}",
        f"data {study.data}",
        f"fingerprint {study.fingerprint[:12]}",
        " and ".join(aims),
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(study.created)),
    ]


def _champion(facts: StudyFacts) -> Champion | None:
    if facts.selection is None or facts.winner is None:
        return None
    return Champion(facts.winner, selection_sentences(facts.selection)[0])


def _cards(facts: StudyFacts) -> list[Card]:
    """The winner's scores, the baselines' scores and the number of trials."""
    cards = [] if facts.winner is None else _winner_cards(facts)
    cards += [
        Card(f"{score:.3f}", BASELINE_NAMES.get(kind, kind))
        for kind, score in facts.matched.items()
    ]
    count, states = len(facts.records), count_states(facts.records)
    name = ("trial" if count == 1 else "trials") + (f": {states}" if states else "")
    return [*cards, Card(str(count), name)]


def _winner_cards(facts: StudyFacts) -> list[Card]:
    winner = facts.winner
    assert winner is not None
    name = "champion" if facts.selection else "best trial"
    cards = [Card(f"{winner.score:.3f}", f"{name} ({winner.trial})", "best")]
    cards += [
        Card(f"{score:.3f}", f"its {metric}")
        for metric, score in zip(facts.metrics[1:], winner.scores[1:])
        if metric != facts.compared
    ]
    if facts.compared != facts.metric:
        score = winner.metrics[facts.compared]
        cards.append(Card(f"{score:.3f}", f"its {facts.compared}", "best"))
    return cards
