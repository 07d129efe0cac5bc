"""What a fold chooses, from tables of candidates whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from raylab.analysis.answering.averaged import averaged
from raylab.analysis.answering.choosing import choose
from raylab.analysis.answering.contestants import Contestant
from raylab.analysis.answering.ensemble import ensemble_of
from raylab.analysis.answering.further_parts import on_all_parts
from raylab.analysis.answering.simplicity import simplest
from raylab.errors import StudyError
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.decoding import Decoded
from raylab.training.candidates import CandidateTable

FAMILIES = {"raw": "baseline", "pca": "baseline", "ridge": "readout", "gru": "network"}


class Fold:
    """A fold of 600 samples in 30 units, on which entrants predict with noise of a known size."""

    def __init__(self, kind: str = "continuous", samples: int = 600, seed: int = 0) -> None:
        self.generator = np.random.default_rng(seed)
        if kind == "discrete":
            self.truth = self.generator.integers(0, 3, samples)
        else:
            self.truth = self.generator.normal(size=(samples, 2))
        belongs = np.arange(samples) // 20
        decoded = Decoded(
            kind, {}, self.truth, self.truth, classes=("a", "b", "c"), belongs=belongs
        )
        self.held_out = HeldOut.of({"s": decoded})

    def table(self, *noise: float, learnt: int = 10) -> CandidateTable:
        """A trial with a candidate for each size of noise."""
        predicted = dict(enumerate(self._predicted(each) for each in noise))
        losses = np.stack([self.held_out.unit_losses(each) for each in predicted.values()])
        overrides = tuple({"model.alpha": [each]} for each in noise)
        return CandidateTable(self.held_out, overrides, losses, predicted, learnt=learnt)

    def likely(self, number: int) -> CandidateTable:
        """A trial with one candidate, sure of itself or not, and with its probabilities."""
        scores = self.generator.normal(size=(len(self.truth), 3)) * (1 + number)
        scores[np.arange(len(self.truth)), self.truth] += 1.5
        shares = softmax(scores, axis=1)
        predicted = shares.argmax(axis=1)
        losses = self.held_out.unit_losses(predicted)[None]
        return CandidateTable(self.held_out, ({},), losses, {0: predicted}, {0: shares})

    def _predicted(self, noise: float) -> np.ndarray:
        if self.held_out.kind == "discrete":
            wrong = self.generator.random(len(self.truth)) < noise
            return np.where(wrong, self.generator.integers(0, 3, len(self.truth)), self.truth)
        return self.truth + noise * self.generator.normal(size=self.truth.shape)


def test_the_simplest_of_equally_good_entrants_is_recommended() -> None:
    fold = Fold()
    tables = {
        "gru": {"gru-0": fold.table(0.5)},
        "ridge": {"ridge-0": fold.table(0.9, 0.5), "ridge-1": fold.table(0.7)},
        "raw": {"raw-0": fold.table(1.5)},
        "pca": {"pca-0": fold.table(1.0)},
    }
    choice = choose({name: tables[name] for name in ("gru", "raw", "pca", "ridge")}, FAMILIES)
    assert choice.members is not None
    assert "raw" not in choice.members
    assert choice.baseline is not None
    assert choice.baseline.entrant == "pca"
    assert choice.ensemble is not None
    assert choice.best.entrant == "ensemble"  # independent errors average out
    without = choose({name: {**tables[name]} for name in ("ridge",)}, FAMILIES)
    assert without.recommended.parts[0].overrides == {"model.alpha": [0.5]}
    assert without.recommended.parts[0].trial == "ridge-0"
    assert (without.ensemble, without.baseline) == (None, None)


def test_a_baseline_that_is_as_good_is_recommended() -> None:
    fold = Fold()
    common = fold.table(0.5)
    tables = {"ridge": {"a": common}, "raw": {"b": common}, "gru": {"c": fold.table(4.0)}}
    choice = choose(tables, FAMILIES)
    assert choice.recommended.entrant == "raw"
    assert {"raw", "ridge"} <= set(choice.members or ())
    assert "gru" not in (choice.members or ())


def test_fewer_than_20_units_claim_no_set_and_recommend_the_best_mean() -> None:
    fold = Fold(samples=300)
    tables = {"raw": {"a": fold.table(0.6)}, "gru": {"b": fold.table(0.2)}}
    choice = choose(tables, FAMILIES)
    assert fold.held_out.count == 15
    assert choice.members is None
    assert choice.recommended == choice.best


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_an_ensemble_has_the_losses_of_the_mean_of_its_members(kind: str) -> None:
    fold = Fold(kind)
    tables = {
        "raw": {"a": fold.table(0.5)},
        "ridge": {"b": fold.table(0.5)},
        "pca": {"c": fold.table(0.5)},
        "gru": {"d": fold.table(1.0)},
    }
    choice = choose(tables, FAMILIES)
    assert choice.ensemble is not None
    assert {part.trial for part in choice.ensemble.parts} >= {"a", "b", "c"}
    assert sum(part.weight for part in choice.ensemble.parts) == pytest.approx(1)
    assert choice.ensemble.learnt >= 30
    means = {name: each.mean() for name, each in choice.losses.items()}
    assert means["ensemble"] < 0.8 * min(means[name] for name in tables)
    if kind == "continuous" and len(choice.ensemble.parts) == 3:
        mean = np.mean(
            [tables[name][t].predicted[0] for name, t in zip(("raw", "ridge", "pca"), "abc")], 0
        )
        assert np.allclose(choice.losses["ensemble"], fold.held_out.unit_losses(mean))


@pytest.mark.parametrize("votes", [False, True])
def test_an_ensemble_is_chosen_as_it_is_scored(
    votes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the mean of probabilities, or by vote, on validation and of its refits alike."""
    monkeypatch.setattr("raylab.analysis.answering.ensemble.MEMBERS", range(3, 4))
    fold = Fold("discrete")
    tables = {name: fold.likely(number) for number, name in enumerate(("ridge", "gru", "pca"))}
    if votes:
        tables["ridge"].probabilities.clear()
    contestants = [Contestant(name, {name: table}) for name, table in tables.items()]
    ensemble = ensemble_of(contestants, fold.held_out)
    assert ensemble is not None
    refits = [(tables[part.trial], part.weight) for part in ensemble.chosen.parts]
    scored = averaged(refits)
    assert np.allclose(ensemble.losses, fold.held_out.unit_losses(scored))
    likely = [each for table, _ in refits for each in table.probabilities.values()]
    if votes:
        tally = sum(np.eye(3)[table.predicted[0]] for table, _ in refits)
        assert (np.take_along_axis(tally, scored[:, None], 1)[:, 0] == tally.max(axis=1)).all()
    else:
        assert np.array_equal(scored, np.mean(likely, axis=0).argmax(axis=1))
    assert len(likely) == (2 if votes else 3)


def test_units_choose_the_members_that_score_them_nowhere() -> None:
    """Two entrants that are perfect on their own half only: no unit profits from its own half."""
    fold = Fold()
    losses_of = fold.held_out.unit_losses
    first = fold.held_out.unit[:, None] < 15
    noisy = fold.truth + 3 * fold.generator.normal(size=fold.truth.shape)
    tables = {}
    for name, good in (("raw", first), ("ridge", ~first), ("gru", first & ~first)):
        predicted = {0: np.where(good, fold.truth, noisy)}
        losses = losses_of(predicted[0])[None]
        tables[name] = {name: CandidateTable(fold.held_out, ({},), losses, predicted)}
    choice = choose(tables, FAMILIES)
    assert (choice.losses["ensemble"] > 0).all()


def test_an_entrant_that_is_worse_than_a_constant_is_not_recommended() -> None:
    means = {"raw": 1.4, "ridge": 0.5, "gru": 0.4}
    assert simplest(list(means), FAMILIES, {}, means, constant=1.0) == "ridge"
    assert simplest(list(means), FAMILIES, {}, means, constant=0.3) == "raw"
    equal = {"raw": 0.5, "pca": 0.4}
    # Baselines learn nothing, however many samples they store.
    assert simplest(list(equal), FAMILIES, {"raw": 3, "pca": 9}, equal) == "pca"
    readouts = {"ridge": 0.3, "svm": 0.2}
    families = {**FAMILIES, "svm": "readout"}
    assert simplest(list(readouts), families, {"ridge": 3, "svm": 9}, readouts) == "ridge"
    assert simplest(list(readouts), families, {"ridge": 9, "svm": 9}, readouts) == "svm"


def test_a_member_is_passed_over_where_a_simpler_entrant_is_better_by_its_mean() -> None:
    means = {"raw": 0.4, "ridge": 0.6, "gru": 0.3}
    # Losses of ridge may spread so widely that it is a member, and those of raw so little that it
    # is none.
    assert simplest(["ridge", "gru"], FAMILIES, {}, means) == "gru"
    assert simplest(["ridge", "gru"], FAMILIES, {}, {**means, "ridge": 0.35}) == "ridge"
    assert simplest(["ridge"], FAMILIES, {}, means) == "ridge"


def test_entrants_without_numbers_and_other_samples_are_refused() -> None:
    fold = Fold()
    broken = fold.table(0.5)
    broken.losses[:] = np.nan
    choice = choose({"raw": {"a": broken}, "ridge": {"b": fold.table(0.5)}}, FAMILIES)
    assert list(choice.losses) == ["ridge"]
    with pytest.raises(StudyError, match="no trial predicted"):
        choose({"raw": {"a": broken}}, FAMILIES)
    with pytest.raises(StudyError, match="no trial has a result"):
        choose({"raw": {}}, FAMILIES)
    with pytest.raises(StudyError, match="trials a and b predicted different samples"):
        choose({"raw": {"a": fold.table(0.5), "b": Fold(seed=3).table(0.5)}}, FAMILIES)


def test_further_parts_tell_apart_what_one_part_does_not() -> None:
    """On 20 units a small gain is within the noise; on 80 units it is not."""
    parts = [_with_common_error(seed) for seed in range(4)]
    tables = {trial[:-2]: {trial: table} for trial, table in parts[0].items()}
    alone = choose(tables, FAMILIES)
    assert alone.recommended.entrant == "raw"
    choice = choose(tables, FAMILIES, parts[1:])
    assert choice.parts == 4
    assert choice.members is not None
    assert "raw" not in choice.members
    assert choice.recommended.entrant == "ridge"
    assert choice.losses.keys() == alone.losses.keys()
    assert all(np.array_equal(choice.losses[name], alone.losses[name]) for name in alone.losses)


def _with_common_error(seed: int) -> dict[str, CandidateTable]:
    """Tables of 20 units: of an error that all entrants make, ridge makes less in most units."""
    fold = Fold(samples=400, seed=seed)
    error = fold.generator.normal(size=fold.truth.shape)
    share = fold.generator.normal(0.88, 0.25, size=fold.held_out.count)[fold.held_out.unit, None]
    tables = {}
    for trial, size in (("raw-0", np.ones_like(share)), ("ridge-0", share)):
        predicted = fold.truth + size * error
        losses = fold.held_out.unit_losses(predicted)[None]
        tables[trial] = CandidateTable(fold.held_out, ({},), losses, {0: predicted}, learnt=10)
    return tables


def test_an_ensemble_is_compared_by_what_its_members_predicted_on_further_parts() -> None:
    first, part = Fold(), Fold(seed=1)
    tables = {name: {f"{name}-0": first.table(0.8)} for name in ("raw", "ridge", "gru")}
    alone = choose(tables, FAMILIES)
    assert alone.ensemble is not None
    on_part = {each.trial: part.table(0.8) for each in alone.ensemble.parts}
    parts = on_all_parts(alone.losses, alone.chosen, [on_part], ["ensemble"])
    mean = np.mean([on_part[each.trial].predicted[0] for each in alone.ensemble.parts], axis=0)
    assert np.allclose(parts[1]["ensemble"], part.held_out.unit_losses(mean))


def test_a_part_without_the_leading_entrants_does_not_count() -> None:
    """Else the choice would be among those whose fits happened to end."""
    first, further = _with_common_error(0), _with_common_error(1)
    tables = {trial[:-2]: {trial: table} for trial, table in first.items()}
    choice = choose(tables, FAMILIES, [{"raw-0": further["raw-0"]}, {}])
    assert (choice.parts, choice.best.entrant) == (1, choose(tables, FAMILIES).best.entrant)
    assert choose(tables, FAMILIES, [{"raw-0": further["raw-0"]}, further]).parts == 2
