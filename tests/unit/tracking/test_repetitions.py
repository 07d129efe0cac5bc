"""Repetitions over seeds in records, leaderboard, report, winner and the comparison of studies."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_study import T0, ended, fake_study, reported, started
from helpers import dataset, small_study
from rich.console import Console

import raylab
from raylab.analysis.leaderboard import leaderboard as ranked_trials
from raylab.analysis.models.trained import seeds_of
from raylab.analysis.models.winner import describe_choice, unselected
from raylab.analysis.selection.candidates import Request
from raylab.analysis.selection.candidates import started as selection_started
from raylab.errors import StudyError
from raylab.evaluation.choice import Candidate, choose
from raylab.reporting.charts.learning_curves import learning_curves
from raylab.reporting.charts.progress import course
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.selection import selection_figure
from raylab.reporting.importance import importance
from raylab.reporting.study_page import write_report
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.reporting.tables.leaderboard_csv import write_csv
from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
from raylab.tracking.events import Selected, SelectionStarted, State, StudyEnded
from raylab.tracking.records import TrialRecord
from raylab.tracking.runs import trial_run
from raylab.tracking.selections import drawn, ended_selection, ranked, selections
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.tuning.sync import aliases

SEEDS = (1, 2, 3)
SCORES = {"0000": (0.30, 0.40, None), "0004": (0.50, 0.55, 0.45)}


def repeat(study: StudyFolder, of: str, seed: int, score: float | None, **more: Any) -> None:
    """A repetition that ended; without a score it failed."""
    trial, begun = f"{of}-seed{seed}", T0 + 20_000 + seed
    study.ledger.append(
        replace(started(trial, time=begun), of=of, resources={"cpus": 2, "gpus": 0.5, "workers": 1})
    )
    study.ledger.append(reported(trial, 50, time=begun + 1, **{"decoding.r2": score or 0.0}))
    state: State = "failed" if score is None else "completed"
    study.ledger.append(ended(trial, state, score, time=begun + 10, **more))


def asked(**changes: Any) -> SelectionStarted:
    event = SelectionStarted(
        top=2, seeds=3, rule="best", shuffles=0, trials=tuple(SCORES), values=SEEDS
    )
    return replace(event, **changes)


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    """A search with the selection of two of its trials, ended."""
    study_folder = fake_study(tmp_path / "s")
    study_folder.ledger.append(asked())
    for of, scores in SCORES.items():
        for seed, score in zip(SEEDS, scores):
            repeat(study_folder, of, seed, score)
    study_folder.ledger.append(StudyEnded(time=T0 + 30_000))
    candidates = [Candidate(of, 0.99, scores, 10) for of, scores in SCORES.items()]
    chosen = choose(candidates, mode="max", rule="best")
    trial = f"{chosen['chosen']}-seed{SEEDS[chosen.pop('champion')]}"
    about = {
        "metric": "decoding.r2",
        "mode": "max",
        "rule": "best",
        "values": list(SEEDS),
        "selections": 1,
    }
    result = {
        **about,
        **chosen,
        "of": chosen["chosen"],
        "trial": trial,
        "control": None,
        "notes": ["<b> & so"],
    }
    keep_score(study_folder, "selection", result, selection_figure(result))
    study_folder.ledger.append(Selected(trial=trial, of=result["of"], rule="best"))
    return study_folder


def test_the_champion_is_the_winner_and_the_choice_is_explained(study: StudyFolder) -> None:
    assert winner(study).trial == "0004-seed1"  # 0.50: the median, not the luckiest
    assert winner(study, "0000").trial == "0000"
    sentence = describe_choice(study)
    assert sentence is not None
    assert sentence.startswith("trial 0004-seed1 is used: the champion")
    assert unselected(study) is None
    assert list(aliases(study).values()) == ["best", "champion"]
    assert {record.trial for record in seeds_of(study)} >= {
        "0004-seed1",
        "0004-seed2",
        "0004-seed3",
    }


def test_without_a_selection_the_choice_rests_on_a_single_seed(tmp_path: Path) -> None:
    plain = fake_study(tmp_path / "s")
    assert (
        unselected(plain)
        == "the winner was chosen by one seed's validation score; `raylab select` comes first"
    )
    assert unselected(fake_study(tmp_path / "one", states=("completed",))) is None
    plain.ledger.append(asked())
    repeat(plain, "0000", 1, 0.99)
    assert (
        winner(plain).of is None
    )  # an unfinished selection has no say, nor has a lucky repetition
    assert ended_selection(plain.ledger.read()) is None
    assert selections(plain.ledger.read())[-1].repetitions()[:3] == [
        ("0000-seed1", "0000", 1), ("0004-seed1", "0004", 1), ("0000-seed2", "0000", 2),
    ]  # fmt: skip


def test_repetitions_are_intervals_not_rows(study: StudyFolder, tmp_path: Path) -> None:
    rows = leaderboard_rows(study.records(), *study.modes, metrics=study.metrics)
    assert tuple(rows) == ranked_trials(study.path).rows
    assert len(rows) == len(drawn(study.records())) == 8
    by_trial = {row.trial: row for row in rows}
    seeds, others = by_trial["0004"].seeds, by_trial["0000"].seeds
    assert seeds is not None
    assert others is not None
    assert (seeds.mean, seeds.count, seeds.failed) == (pytest.approx(0.5), 3, 0)
    assert seeds.interval == pytest.approx(
        [0.5 - 0.05 * 4.3027 / 3**0.5, 0.5 + 0.05 * 4.3027 / 3**0.5], abs=1e-5
    )
    assert (others.count, others.failed) == (2, 1)
    assert by_trial["0001"].seeds is None
    assert (seeds.cpu_seconds, seeds.gpu_seconds) == (48, 12)
    assert (by_trial["0004"].cpu_seconds, by_trial["0004"].gpu_seconds) == (8, 0)
    write_csv(tmp_path / "l.csv", rows)
    cells = {row["trial"]: row for row in csv.DictReader((tmp_path / "l.csv").open())}
    assert float(cells["0004"]["seeds.low"]) == pytest.approx(seeds.interval[0])
    assert (
        cells["0000"]["seeds.count"],
        cells["0001"]["seeds.count"],
        cells["0001"]["seeds.mean"],
    ) == ("2", "", "")
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    console.print(
        leaderboard_table(rows, baselines=study.baselines(), metrics=study.metrics, width=160)
    )
    text = console.export_text()
    assert "0.500 (0.376 ... 0.624), 3" in text
    assert "1 failed" in text
    assert (
        "cost: 64 CPU-seconds and 96 for repetitions, 0 GPU-seconds and 24 for repetitions" in text
    )


def test_the_report_shows_choice_and_cost(study: StudyFolder) -> None:
    text = write_report(study, importance=None).read_text()
    assert "<h2>Choice over seeds</h2>" in text
    assert "<h2>Config of the champion</h2>" in text
    assert (
        "Chosen: trial 0004, by the best mean over seeds; decoding.r2 0.500 (0.376 ... 0.624) over "
        "seeds" in text
    )
    assert "Its champion, 0004-seed1, has 0.500." in text
    assert "&lt;b&gt; &amp; so" in text
    assert "1 of 6 repetitions did not complete" in text
    assert "<td>repetitions over seeds</td><td>6</td><td>0.01</td><td>96</td><td>24</td>" in text
    assert ">8</b><span>trials" in text  # repetitions are not counted as trials


def test_repetitions_teach_no_sampler_and_no_importance(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = study.records()
    monkeypatch.setattr("raylab.reporting.importance.FEWEST", 4)
    shares = importance(records, "max")
    assert shares is not None
    assert shares == importance(drawn(records), "max")
    assert all(record.of is None for record in ranked(records, "max"))
    repetition = next(record for record in records if record.trial == "0004-seed2")
    assert trial_run(repetition, study=study.description).tags["raylab.of"] == "0004"


def test_a_search_goes_on_by_trials_and_seconds(study: StudyFolder) -> None:
    progress = course("s", study.records(), metric="decoding.r2", mode="max")
    assert progress.trials == (
        1,
        2,
        5,
        7,
    )  # pruned and failed ones were paid for, too; one was interrupted
    assert progress.seconds == (8, 16, 40, 56)
    assert list(progress.best) == sorted(progress.best)


def test_rungs_and_pruned_ends_are_marked() -> None:
    records = [
        TrialRecord(
            "a", "completed", history=tuple((0.0, step, {"m": 1.0}) for step in (10, 20, 30))
        ),
        TrialRecord("b", "pruned", history=tuple((0.0, step, {"m": 0.5}) for step in (10, 20))),
    ]
    figure = learning_curves(records, metric="m", winner="a", rungs=(10, 20))
    assert figure is not None
    assert [shape.x0 for shape in figure.layout.shapes] == [10, 20]
    pruned = next(trace for trace in figure.data if trace.name == "pruned")
    assert (pruned.marker.symbol, list(pruned.marker.size)) == ("x", [0, 7])


def test_candidates_are_different_configs_and_seeds_are_fresh(tmp_path: Path) -> None:
    """Trials that differ in their seed only would be repeated twice alike."""
    study = small_study(tmp_path / "s", dataset(tmp_path / "ds"), scores=(0.5, 0.9))
    event = selection_started(study, Request(4, 3, "best", 0))
    assert event.trials == ("0001",)
    assert event.values == (2, 3, 4)  # 0 and 1 were used by the search
    study.ledger.append(started("0002"))
    with pytest.raises(StudyError, match="has not ended"):
        selection_started(study, Request(4, 3, "best", 0))
    with pytest.raises(StudyError, match="--seeds 2 or more"):
        raylab.select(study.path, rule="simplest", seeds=1)


def test_several_studies_on_a_page(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    paths = [
        small_study(tmp_path / name, data, scores=(0.5, 0.9)).path for name in ("a", "b<blink>")
    ]
    repeated_and_chosen(StudyFolder.open(paths[0]))
    with pytest.raises(StudyError, match="--out"):
        raylab.report(paths)
    result = raylab.rank(paths, label="position", out=tmp_path / "both.csv")
    rows = {row.name: row for row in result.rows}
    champion = rows["a"]
    assert champion.seeds is not None
    assert (champion.trial, champion.seeds.mean) == ("0001-seed2", pytest.approx(0.65))
    assert rows["b<blink>"].seeds is rows["chance"].seeds is None
    cells = {row["name"]: row for row in csv.DictReader((tmp_path / "both.csv").open())}
    assert (cells["a"]["seeds.metric"], cells["a"]["seeds.count"]) == ("decoding.score", "2")
    assert cells["b<blink>"]["seeds.count"] == ""
    text = raylab.report(paths, out=tmp_path / "both.html", label="position").read_text()
    assert "default-src 'none'" in text
    for expected in (
        "<h2>Ranking</h2>",
        "<h2>Best so far</h2>",
        "trials ended",
        "b&lt;blink&gt;",
        "smoothed activity",
        "decoding.score 0.650 (",
    ):
        assert expected in text
    assert "b<blink>" not in text
    with pytest.raises(StudyError, match="already exists"):
        raylab.report(paths, out=tmp_path / "both.html")


def repeated_and_chosen(study: StudyFolder) -> None:
    """Two repetitions of its trial 0001, which have its model, and a choice of the first."""
    study.ledger.append(asked(trials=("0001",), values=(2, 3)))
    config = winner(study).config
    for seed, score in ((2, 0.6), (3, 0.7)):
        trial = f"0001-seed{seed}"
        shutil.copytree(study.trial_folder("0001"), study.trial_folder(trial))
        study.ledger.append(
            replace(started(trial), config=config, of="0001"), ended(trial, "completed", score)
        )
    study.ledger.append(Selected(trial="0001-seed2", of="0001", rule="best"))


def test_what_has_no_randomness_is_repeated_once() -> None:
    """A selection of an earlier version, whose event says nothing of it, is what it was."""
    event = SelectionStarted(
        top=2, seeds=3, rule="best", shuffles=0, trials=("a", "b"), values=(1, 2, 3), fixed=("b",)
    )
    (selection,) = selections([event])
    repeated = [trial for trial, _, _ in selection.repetitions()]
    assert repeated == ["a-seed1", "b-seed1", "a-seed2", "a-seed3"]
    (earlier,) = selections([replace(event, fixed=())])
    assert len(earlier.repetitions()) == 6
