"""Losses of units are exactly what the primary score is made of."""

from __future__ import annotations

import numpy as np
import pytest

from raylab.data.session import Label
from raylab.errors import TrainingError
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.certainty.numbering import probabilities
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.metrics import primary
from raylab.evaluation.scores import chance_scores, score_predictions

KINDS = ("continuous", "circular", "discrete")
CLASSES = ("left", "right", "up")


def decoded_of(kind: str, generator: np.random.Generator, *, belongs: bool = False) -> Decoded:
    """Predictions of a session with random sizes; one column of two is constant now and then."""
    count = int(generator.integers(25, 90))
    if kind == "discrete":
        names = tuple(generator.permutation(CLASSES)[: generator.integers(2, 4)])
        truth, predicted = (generator.integers(0, len(names), count) for _ in range(2))
        truth[:2] = 0, 1
    else:
        names = ()
        truth, predicted = (3 * generator.normal(size=(count, 2)) + 7 for _ in range(2))
        truth[:, 1] = 0.3 if generator.random() < 0.3 else truth[:, 1]
        if kind == "circular":
            truth, predicted = np.angle(np.exp(1j * truth)), np.angle(np.exp(1j * predicted))
    groups = np.sort(generator.integers(0, 9, count)) if belongs else np.full(count, -1)
    scores = score_predictions(kind, truth, predicted)
    return Decoded(kind, scores, truth, predicted, classes=names, belongs=groups)


def sessions_of(kind: str, seed: int, count: int = 3) -> dict[str, Decoded]:
    generator = np.random.default_rng(seed)
    return {f"s{number}": decoded_of(kind, generator) for number in range(count)}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", KINDS)
def test_one_less_the_mean_loss_is_the_primary_score(kind: str, seed: int) -> None:
    decoded = sessions_of(kind, seed, count=1 + seed % 4)
    held_out = HeldOut.of(decoded)
    predicted = held_out.align(decoded)
    score = np.mean([each.scores[primary(kind)] for each in decoded.values()])
    assert 1 - held_out.weights @ held_out.losses(predicted) == pytest.approx(score, abs=1e-12)
    assert 1 - held_out.unit_losses(predicted).mean() == pytest.approx(score, abs=1e-12)
    assert held_out.score(predicted) == pytest.approx(score, abs=1e-12)
    assert held_out.weights.sum() == pytest.approx(1)
    assert not held_out.losses(held_out.truth).any()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_losses_of_chance_are_those_of_the_best_constant(kind: str, seed: int) -> None:
    decoded, training = sessions_of(kind, seed), sessions_of(kind, seed + 100)
    held_out = HeldOut.of(decoded)
    fitted, scores = {}, []
    for name, each in decoded.items():
        # the fitted samples are the first half of the truth, and the session's own numbering
        values = training[name].truth if kind != "discrete" else each.truth[: len(each.truth) // 2]
        fitted[name] = Label(kind=kind, values=values, classes=each.classes)
        scores.append(chance_scores(kind, values, each.truth)[primary(kind)])
    losses = held_out.chance_losses(fitted)
    assert losses.shape == (held_out.count,)
    assert 1 - losses.mean() == pytest.approx(np.mean(scores), abs=1e-12)


def test_units_are_blocks_presentations_trials_or_sessions() -> None:
    blocks = HeldOut.of(sessions_of("continuous", 0))
    assert (blocks.unit_kind, blocks.count) == ("block", 60)
    assert (np.diff(blocks.unit) >= 0).all()
    assert set(blocks.unit[blocks.session == 1]) == set(range(20, 40))
    sessions = HeldOut.of(sessions_of("continuous", 0, count=20))
    assert (sessions.unit_kind, sessions.count) == ("session", 20)
    assert np.array_equal(sessions.unit, sessions.session)
    generator = np.random.default_rng(0)
    grouped = {name: decoded_of("discrete", generator, belongs=True) for name in "ab"}
    presented = HeldOut.of(grouped)
    assert presented.unit_kind == "presentation"
    groups = sum(len(np.unique(each.belongs)) for each in grouped.values())
    assert presented.count == groups
    assert HeldOut.of(grouped, per="segment").unit_kind == "trial"
    mixed = {**grouped, "c": decoded_of("discrete", generator)}
    assert HeldOut.of(mixed).unit_kind == "block"


def test_presentations_are_numbered_in_order_of_time() -> None:
    belongs = np.array([7, 7, 2, 2, 2, 9, 9, 7])
    truth = np.arange(8.0)[:, None]
    held_out = HeldOut.of({"s": Decoded("continuous", {}, truth, truth, belongs=belongs)})
    assert held_out.unit.tolist() == [0, 0, 1, 1, 1, 2, 2, 0]


def test_sessions_that_number_classes_differently_share_one_numbering() -> None:
    codes = np.array([0, 1, 0, 1])
    likely = np.array([[0.9, 0.1]] * 4)
    decoded = {
        "a": Decoded("discrete", {}, codes, codes, classes=("go", "stop")),
        "b": Decoded("discrete", {}, codes, codes, classes=("stop", "go")),
    }
    held_out = HeldOut.of(decoded)
    assert held_out.classes == ("go", "stop")
    assert held_out.truth.tolist() == [0, 1, 0, 1, 1, 0, 1, 0]
    assert held_out.align(decoded).tolist() == held_out.truth.tolist()
    table = probabilities(decoded, {"a": likely, "b": likely}, held_out.classes)
    assert table is not None
    assert probabilities(decoded, {"a": likely}, held_out.classes) is None
    assert table[[0, 4]].tolist() == [[0.9, 0.1], [0.1, 0.9]]


def test_what_does_not_belong_together_is_refused() -> None:
    numbers, names = sessions_of("continuous", 0), sessions_of("discrete", 0)
    with pytest.raises(TrainingError, match="several kinds"):
        HeldOut.of({"a": numbers["s0"], "b": names["s0"]})
    with pytest.raises(TrainingError, match="no session"):
        HeldOut.of({})
    narrow = Decoded("continuous", {}, numbers["s1"].truth[:, :1], numbers["s1"].truth[:, :1])
    with pytest.raises(TrainingError, match="more columns"):
        HeldOut.of({"a": numbers["s0"], "b": narrow})
    held_out = HeldOut.of(numbers)
    with pytest.raises(TrainingError, match="other examples"):
        held_out.align(sessions_of("continuous", 1))
    with pytest.raises(TrainingError, match="of the sessions a"):
        held_out.align({"a": numbers["s0"]})
