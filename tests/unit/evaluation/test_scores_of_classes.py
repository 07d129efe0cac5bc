"""Scores of classes and frames, chance by permutation, intervals over presentations, confusion
matrices.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import dataset, recipe_file, recording_file, session, small_study, trial
from sklearn.metrics import confusion_matrix, top_k_accuracy_score

import raylab
from raylab.analysis.models.scorer import resampled
from raylab.data.allen.stimuli import stimulus_label
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.errors import DataError
from raylab.evaluation.bootstrap import group_bootstrap, interval
from raylab.evaluation.chance import permutation_chance, time_blocks
from raylab.evaluation.confusion import Confusion, confusion, summed
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.scores import chance_scores, frames_of, names_of, score_predictions
from raylab.reporting.figures.confusion import confusion_figure, keep_confusions
from raylab.reporting.sections.score_kinds import CONFUSIONS
from raylab.reporting.sections.scores import scores
from raylab.tasks.labels import decoding_metrics

MOVIE = Label(
    kind="discrete", values=np.arange(900), unit="frame", classes=tuple(map(str, range(900)))
)
FRAMES = np.arange(900)


def constants(groups: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """A class a group, one after the other, dealt by lot."""
    count = int(groups.max()) + 1
    return np.random.default_rng(seed).permutation(np.arange(count) % classes)[groups]


# -- classes ---------------------------------------------------------------------------------------


def test_top_five_is_that_of_scikit_learn_and_ties_are_drawn_by_lot() -> None:
    random = np.random.default_rng(0)
    truth, scores = random.integers(0, 20, 200), random.normal(size=(200, 20))
    found = score_predictions("discrete", truth, scores.argmax(1), scores)
    assert found["top5_accuracy"] == pytest.approx(
        top_k_accuracy_score(truth, scores, k=5, labels=np.arange(20))
    )
    tied = score_predictions("discrete", truth, np.zeros(200, int), np.zeros((200, 20)))
    assert tied["top5_accuracy"] == pytest.approx(5 / 20)
    assert "top5_accuracy" not in score_predictions("discrete", truth % 5, truth % 5, scores[:, :5])
    assert "top5_accuracy" not in score_predictions("discrete", truth, truth)


def test_top_five_of_chance_is_that_of_the_five_most_frequent_classes() -> None:
    fitted = np.repeat(np.arange(8), [9, 1, 8, 7, 1, 6, 5, 1])
    truth = np.array([0, 2, 3, 5, 6, 1, 4, 7])
    assert chance_scores("discrete", fitted, truth, classes=8)["top5_accuracy"] == 5 / 8
    assert "top5_accuracy" not in chance_scores("discrete", fitted, truth)


@pytest.mark.parametrize("class_scores", [False, True])
def test_the_names_of_scores_are_those_that_are_given(class_scores: bool) -> None:
    for label in (
        MOVIE,
        Label.discrete(np.arange(3)),
        Label.discrete(np.arange(9)),
        Label.continuous(np.arange(9.0)),
    ):
        columns = (
            np.eye(len(label.classes))[label.values] if label.classes and class_scores else None
        )
        found = score_predictions(
            label.kind, label.values, label.values, columns, frames=frames_of(label)
        )
        assert names_of(label, class_scores=class_scores) == tuple(found)


# -- frames of a movie -----------------------------------------------------------------------------


def test_frames_are_scored_by_how_far_off_they_are() -> None:
    truth = np.array([0, 100, 200, 899])
    found = score_predictions("discrete", truth, np.array([29, 130, 200, 0]), frames=FRAMES)
    assert found["frame_error_median"] == 29.5  # of 29, 30, 0, 899: a movie does not wrap around
    assert found["within_window"] == 0.5  # off by less than 30 of 900
    wider = score_predictions(
        "discrete", truth, np.array([29, 130, 200, 0]), frames=FRAMES, window=0.04
    )
    assert wider["within_window"] == 0.75


def test_codes_are_not_frames() -> None:
    """A movie of 60 of which some frames are missing, its classes in the order of text."""
    label = Label(
        kind="discrete", values=np.arange(4), unit="frame", classes=("0", "10", "59", "9")
    )
    frames = frames_of(label)
    assert frames is not None
    found = score_predictions("discrete", np.array([1, 2]), np.array([3, 2]), frames=frames)
    assert found["frame_error_median"] == 0.5
    assert found["within_window"] == 1.0  # less than 2 of 60
    for other in (
        LabelSpec("discrete", "", ("0", "1"), 1),
        LabelSpec("discrete", "frame", ("0", "blank"), 1),
        LabelSpec("discrete", "frame", (), 1),
        LabelSpec("continuous", "frame", (), 1),
    ):
        assert frames_of(other) is None


def test_chance_of_frames_is_the_best_constant() -> None:
    """Searched through: no constant does better on what was fitted."""
    random = np.random.default_rng(0)
    fitted = np.minimum(np.abs(random.normal(200, 80, 400)), 899).astype(np.int64)
    found = chance_scores("discrete", fitted, fitted, frames=FRAMES)
    tried = [
        score_predictions("discrete", fitted, np.full(400, one), frames=FRAMES)
        for one in range(900)
    ]
    assert found["within_window"] == pytest.approx(max(one["within_window"] for one in tried))
    assert found["frame_error_median"] == pytest.approx(
        np.median(np.abs(fitted - np.median(fitted))),
    )


def test_movies_and_recipes_state_the_unit_of_frames(tmp_path: Path) -> None:
    for name, unit in (
        ("movie_frame", "frame"),
        ("movie_three_frame", "frame"),
        ("scene", ""),
        ("noise_frame", ""),
    ):
        assert stimulus_label(name, np.array([0.0, 1.0])).unit == unit
    raw, labels = (
        recording_file(tmp_path / "raw", f=np.arange(400) % 60),
        {"f": {"path": "f", "kind": "discrete"}},
    )
    labels["f"]["unit"] = "frame"
    made = raylab.prepare(
        raw, recipe=recipe_file(tmp_path, labels=labels), out=tmp_path / "ds"
    ).dataset
    assert frames_of(made.labels["f"]) is not None
    recording_file(tmp_path / "raw", f=np.repeat(["0", "grey"], 200))
    with pytest.raises(DataError, match="'grey' is no number of a frame"):
        raylab.inspect(raw, recipe=recipe_file(tmp_path, labels=labels))


# -- chance by permutation -------------------------------------------------------------------------


def test_permuted_chance_is_the_analytic_one() -> None:
    groups = np.repeat(np.arange(80), 5)
    truth, predicted = constants(groups, 8, 0), constants(groups, 8, 1)
    found = permutation_chance("discrete", truth, predicted, groups)["balanced_accuracy"]
    assert found["mean"] == pytest.approx(
        chance_scores("discrete", truth, truth)["balanced_accuracy"], abs=0.01
    )
    assert found["low"] < 1 / 8 < found["high"]
    assert found["p"] > 0.01
    right = permutation_chance("discrete", truth, truth, groups)
    assert right["balanced_accuracy"]["p"] == 1 / 201


def test_of_errors_the_smaller_are_the_better() -> None:
    frames = np.tile(np.arange(60), 4)
    groups = np.arange(240) // 6
    found = permutation_chance("discrete", frames, frames, groups, draws=99, frames=np.arange(60))
    assert found["frame_error_median"]["p"] == 0.01
    values = np.sin(np.arange(240) / 9)[:, None]
    assert (
        permutation_chance("continuous", values, values, groups, draws=99)["median_abs_error"]["p"]
        == 0.01
    )


def test_groups_keep_what_belongs_together() -> None:
    """Slow labels and slow, unrelated predictions: single samples permuted would find them
    significant.
    """
    random, single, whole = np.random.default_rng(0), 0, 0
    for seed in range(40):
        slow = np.cumsum(random.normal(size=(2, 600)), axis=1)
        truth, predicted = (slow > np.median(slow, axis=1, keepdims=True)).astype(np.int64)
        for_blocks = permutation_chance(
            "discrete", truth, predicted, time_blocks(600, 10), draws=39, seed=seed
        )
        for_samples = permutation_chance(
            "discrete", truth, predicted, np.arange(600), draws=39, seed=seed
        )
        whole += for_blocks["accuracy"]["p"] <= 0.05
        single += for_samples["accuracy"]["p"] <= 0.05
    assert single >= 12  # of 40, where 2 are expected
    assert whole <= single / 2


def test_groups_of_other_lengths_keep_their_order_and_their_borders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    monkeypatch.setattr(
        "raylab.evaluation.chance.score_predictions",
        lambda kind, truth, predicted, scores, frames: seen.append(truth) or {"x": 0.0},
    )
    groups = np.repeat([7, 3, 5], [4, 6, 3])
    truth = np.concatenate([np.arange(10, 14), np.arange(20, 26), np.arange(30, 33)])
    permutation_chance("discrete", truth, truth, groups, draws=30)
    for dealt in seen[:-1]:
        for group in (7, 3, 5):
            given = dealt[groups == group]
            assert len(set(given // 10)) == 1  # from one group
            assert (np.diff(given) >= 0).all()  # in its order
        assert sorted({int(dealt[groups == group][0]) // 10 for group in (7, 3, 5)}) == [1, 2, 3]
    assert (
        len({tuple(one) for one in seen[:-1]}) == 6
    )  # all orders of three groups, and nothing else
    assert list(time_blocks(7, 3)) == [0, 0, 0, 1, 1, 2, 2]


# -- intervals over presentations ------------------------------------------------------------------


def test_intervals_over_groups_cover_at_their_rate() -> None:
    """Samples of a group are equal: intervals of single samples would cover half of the time."""
    random, covered = np.random.default_rng(0), {"groups": 0, "samples": 0}
    for seed in range(60):
        groups = random.permutation(np.repeat(np.arange(40), 6))
        values = random.normal(size=40)[groups]
        of: Callable[[np.ndarray], dict[str, float]] = lambda at, values=values: {  # noqa: E731
            "mean": float(values[at].mean())
        }
        for name, by in (("groups", groups), ("samples", np.arange(240))):
            low, high = interval([group_bootstrap(of, by, seed=seed, draws=200)])["mean"]
            covered[name] += low <= 0 <= high
    assert covered["groups"] >= 51
    assert covered["samples"] <= 40


def test_groups_are_drawn_whole() -> None:
    groups = np.array([4, 9, 4, 9, 9, 1])
    seen: list[np.ndarray] = []
    group_bootstrap(lambda at: seen.append(at) or {"x": 0.0}, groups, draws=50)
    sizes = {4: 2, 9: 3, 1: 1}
    for at in seen:
        counts = np.bincount(at, minlength=6)
        assert all(len(set(counts[groups == group])) == 1 for group in sizes)
        assert sum(counts[groups == group][0] for group in sizes) == 3
    assert len({tuple(np.sort(at)) for at in seen}) == 10  # all draws of three with replacement


# -- confusion -------------------------------------------------------------------------------------


def test_counts_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth, predicted = random.integers(0, 4, 100), random.integers(0, 5, 100)
    found = confusion(truth, predicted, list("abcde"))
    assert np.array_equal(found.counts, confusion_matrix(truth, predicted, labels=range(5)))
    assert np.allclose(found.fractions[:4].sum(axis=1), 1)
    assert np.isnan(found.fractions[4]).all()
    worst = found.mistakes(1)[0]
    off = np.nan_to_num(found.fractions) - np.diag(np.diag(np.nan_to_num(found.fractions)))
    assert worst["fraction"] == off.max()
    assert (
        off["abcde".index(str(worst["true"])), "abcde".index(str(worst["predicted"]))] == off.max()
    )


def test_sessions_are_summed_by_the_names_of_their_classes() -> None:
    first, second = (
        confusion(np.array([0, 1]), np.array([1, 1]), ("10", "9")),
        Confusion(np.eye(2, dtype=int), ("9", "5")),
    )
    found = summed([first, second])
    assert found.classes == ("5", "9", "10")
    assert found.counts.tolist() == [[1, 0, 0], [0, 2, 0], [0, 1, 0]]
    assert summed([confusion(np.array([0]), np.array([1]), ("blank", "3"))]).classes == (
        "blank",
        "3",
    )


def test_evaluate_keeps_the_matrix_that_the_report_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0,))
    labels = session().labels | {
        "movie": Label(
            kind="discrete",
            values=np.arange(400) % 60,
            unit="frame",
            classes=tuple(map(str, range(60))),
        )
    }
    study = small_study(
        tmp_path / "study", dataset(tmp_path / "ds", session(labels=labels)), scores=(0.5,)
    )
    found = raylab.evaluate(study.path)
    assert found.scores["movie"]["frame_error_median"] >= 0
    low, high = found.intervals["movie"]["within_window"]
    assert 0 <= low <= high <= 1
    assert "frame_error_median" in found.baselines["chance"]["movie"]
    counts = pd.read_csv(study.scores_folder / "confusion-choice-valid.csv", index_col="true")
    right = np.diag(counts) / counts.sum(axis=1)
    assert right.mean() == pytest.approx(found.scores["choice"]["balanced_accuracy"])
    said = json.loads((study.scores_folder / "confusion-choice-valid.json").read_text())
    assert said["samples"] == counts.to_numpy().sum()
    page = scores(study.scores_folder, CONFUSIONS)
    assert page is not None
    assert page.count("data:image/png") == 2
    assert f"{said['samples']} samples of 1 session" in page
    assert page in Path(raylab.report(study.path)).read_text()


def test_labels_with_values_have_no_matrix(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study", dataset(tmp_path / "ds"), scores=())
    values = Decoded("continuous", {}, np.zeros((2, 1)), np.zeros((2, 1)))
    assert keep_confusions(study, {"rat": {"position": values}}, split="valid", trial="0000") == []
    assert scores(study.scores_folder, CONFUSIONS) is None


@pytest.mark.parametrize(("classes", "named", "numbers"), [(3, 3, 9), (20, 20, 0), (118, 30, 0)])
def test_the_figure_names_as_many_classes_as_can_be_read(
    classes: int, named: int, numbers: int
) -> None:
    found = Confusion(np.eye(classes, dtype=np.int64), tuple(f"${one}" for one in range(classes)))
    counts, shares = confusion_figure(found, title="a $ b").axes
    for axis in (counts, shares):
        assert len(axis.get_xticklabels()) == len(axis.get_yticklabels()) == named
        assert len([text for text in axis.texts if text.get_text()]) == numbers
        assert np.array_equal(axis.images[0].get_array(), np.eye(classes))


def test_every_score_of_decoded_samples_has_an_interval() -> None:
    """A label without unit, as datasets prepared before have it, is scored as classes."""
    codes, classes = np.arange(60) % 6, tuple(map(str, range(6)))
    frames, likely = np.arange(6), np.eye(6)[codes]
    assert set(resampled(Decoded("discrete", {}, codes, codes, classes=classes))) == {
        "balanced_accuracy",
        "accuracy",
    }
    every = resampled(
        Decoded("discrete", {}, codes, codes, classes=classes, frames=frames, class_scores=likely)
    )
    assert tuple(every) == names_of(LabelSpec("discrete", "frame", classes, 1), class_scores=True)
    assert set(every["top5_accuracy"]) == {1.0}


def test_errors_of_frames_are_an_objective_to_minimise() -> None:
    spec = SessionSpec(
        "a", 5, 10.0, {"train": 9}, {"f": LabelSpec("discrete", "frame", ("0", "1"), 1)}
    )
    found = decoding_metrics(trial(), {"a": spec})
    assert found["decoding.frame_error_median"] == "min"
    assert found["decoding.within_window"] == found["decoding.score"] == "max"
