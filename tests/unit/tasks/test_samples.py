"""Labels that cannot be scored are refused before training, in the same way for every family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session

from raylab.config.parse import parse_trial
from raylab.config.splits import GivenSplits, SessionSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import ConfigError, DataError
from raylab.tasks.families import get_task
from raylab.tasks.samples import check_samples
from raylab.tuning.planning.study_plan import make_plan

FAMILIES: dict[str, dict[str, Any]] = {
    "contrastive": {"model": {"encoder": {"kind": "offset1"}}, "sampling": {"conditional": "time"}},
    "vqvae": {"model": {"window": 20}},
    "decoder": {"model": {"kind": "ridge"}},
    "network": {"model": {"kind": "mlp"}},
}
each_family = pytest.mark.parametrize("family", FAMILIES)
POSITION = np.sin(np.arange(400.0) / 9)
CODES = np.arange(400) % 2
TRAIN, VALID = slice(0, 240), slice(240, 320)


def config_of(family: str, label: str = "y", **sections: Any) -> Any:
    kind = "decoder" if family == "network" else family
    return {"task": {"kind": kind, "label": label}, **FAMILIES[family], **sections}


def checked(family: str, data: Dataset, *, required: bool = True, **sections: Any) -> list[str]:
    config = parse_trial(config_of(family, **sections), "test")
    get_task(config).check(config, data.sessions)
    return check_samples(config, data, required=required)


def made(folder: Path, label: Label, name: str = "a") -> Dataset:
    return dataset(folder, session(name, labels={"y": label}))


@each_family
@pytest.mark.parametrize("value", [0.5, 0.3, 1e9 + 0.1])
@pytest.mark.parametrize(("split", "name"), [(TRAIN, "training"), (VALID, "validation")])
def test_a_constant_is_refused(
    tmp_path: Path, family: str, value: float, split: slice, name: str
) -> None:
    values = POSITION.copy()
    values[split] = value
    data = made(tmp_path, Label.continuous(values))
    with pytest.raises(DataError, match=rf"label 'y' cannot be scored: it is {value:.12g} in all"):
        checked(family, data)
    if name == "training" and family in ("decoder", "network"):
        with pytest.raises(DataError, match="label 'y' cannot be trained with: it is"):
            checked(family, data, required=False)
        return
    # Where no trial is chosen by it, this is said and training goes on.
    (note,) = checked(family, data, required=False)
    assert note.startswith("label 'y' has no score in session 'a': it is")
    assert f"{name} samples" in note


def test_labels_of_pairs_and_of_behaviour_vary_in_training(tmp_path: Path) -> None:
    labels = {"y": Label.continuous(POSITION), "flat": Label.continuous(np.full(400, 0.3))}
    data = dataset(tmp_path, session("a", labels=labels))
    pairs = {"sampling": {"conditional": "delta", "labels": ["flat"]}}
    for family, sections in (("contrastive", pairs), ("vqvae", {"behaviour": {"label": "flat"}})):
        with pytest.raises(
            DataError, match=r"'flat' cannot be trained with: it is 0\.3 in all 240"
        ):
            checked(family, data, **sections)


@each_family
def test_validation_samples_are_needed(tmp_path: Path, family: str) -> None:
    one = session("a", given={"train": np.array([[0, 400]])}, labels={"y": Label.discrete(CODES)})
    with pytest.raises(DataError, match="no session has validation samples"):
        checked(family, dataset(tmp_path, one, splits=GivenSplits()), required=False)


def test_the_plan_of_a_study_refuses_it(tmp_path: Path) -> None:
    values = POSITION.copy()
    values[VALID] = 0.3
    data = made(tmp_path, Label.continuous(values))
    config = config_of("contrastive")
    space = {"task": config.pop("task"), "base": config, "budget": {"trials": 1}}
    with pytest.raises(DataError, match=r"it is 0\.3 in all 80 validation samples"):
        make_plan({**space, "objective": {"metric": "decoding.score"}}, data.path)
    begun = make_plan({**space, "objective": {"metric": "decoding.score"}}, data.path, begun=True)
    assert begun.label == "y"  # a study of an earlier version goes on
    plan = make_plan({**space, "objective": {"metric": "goodness_of_fit"}}, data.path)
    assert any("has no score in session 'a'" in note for note in plan.notes)


@each_family
def test_a_constant_column_is_noted(tmp_path: Path, family: str) -> None:
    data = made(tmp_path, Label.continuous(np.column_stack([POSITION, np.full(400, 0.3)])))
    valid, test = checked(family, data)
    assert valid.startswith("label 'y': column 2 of 2 is 0.3 in all validation samples")
    assert "test samples" in test


@each_family
def test_unseen_classes_are_noted(tmp_path: Path, family: str) -> None:
    codes = np.array(["left", "right"])[np.arange(400) // 20 % 2]
    codes[300:320] = "up"
    (note,) = checked(family, made(tmp_path, Label.discrete(codes)))
    assert "no training sample has the class 'up' (validation)" in note


@each_family
def test_one_class_in_training_is_refused(tmp_path: Path, family: str) -> None:
    codes = np.zeros(400, np.int64)
    codes[240:] = np.arange(160) % 2
    with pytest.raises(DataError, match="it is '0' in all 240 training samples"):
        checked(family, made(tmp_path, Label.discrete(codes)))


@each_family
@pytest.mark.parametrize(
    "other",
    [
        Label.discrete(np.arange(400) % 3),
        Label.continuous(POSITION, unit="cm"),
        Label.continuous(POSITION, unit="m", kind="circular"),
        Label.continuous(np.column_stack([POSITION, POSITION]), unit="m"),
    ],
)
def test_one_meaning_in_all_sessions(tmp_path: Path, family: str, other: Label) -> None:
    a = session("a", labels={"y": Label.continuous(POSITION, unit="m")})
    data = dataset(tmp_path, a, session("b", labels={"y": other}))
    unit = f" in {other.unit}" if other.unit else ""
    with pytest.raises(
        ConfigError, match=f"'y' is continuous in m, 1 wide in session 'a' and {other.kind}{unit}"
    ):
        checked(family, data)
    assert list(data.labels) == []


def test_a_session_without_a_score_is_named_and_the_others_count(tmp_path: Path) -> None:
    flat = POSITION.copy()
    flat[VALID] = 0.3
    varied, constant = (Label.continuous(values) for values in (POSITION, flat))
    sessions = [session("a", labels={"y": varied}), session("b", labels={"y": constant})]
    (note,) = checked("contrastive", dataset(tmp_path, *sessions))
    assert note.startswith("label 'y' has no score in session 'b': it is 0.3")


def test_a_session_held_out_is_judged_by_what_the_others_taught(tmp_path: Path) -> None:
    given = {"train": np.array([[0, 300]]), "valid": np.array([[300, 400]])}
    a = session("a", given=given, labels={"y": Label.discrete(np.arange(400) % 2)})
    held = {"test": np.array([[0, 200]]), "valid": np.array([[200, 400]])}
    b = session("b", given=held, labels={"y": Label.discrete(np.arange(400) % 3)}, seed=1)
    data = dataset(tmp_path, a, b, splits=GivenSplits())
    (note,) = checked("decoder", data, sessions={"combine": "padded"})
    assert "session 'b': no training sample has the class '2' (validation, test)" in note


def test_of_sessions_held_out_whole_no_missing_score_is_noted(tmp_path: Path) -> None:
    labels = {"y": Label.discrete(CODES)}
    sessions = [session(name, labels=labels, seed=at) for at, name in enumerate("abcd")]
    splits = SessionSplits(fractions=(0.5, 0.25, 0.25))
    data = dataset(tmp_path, *sessions, splits=splits)
    assert checked("decoder", data, sessions={"combine": "padded"}) == []
