"""The fingerprint of a dataset: it covers what the arrays mean, and it has a version."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, session

import raylab
from raylab.data.dataset import Dataset
from raylab.data.manifests.fingerprint import fingerprint_of
from raylab.data.session import Session
from raylab.errors import DataError


def relabelled(name: str, **changes: Any) -> Session:
    """A session of which one label is described in another way; its arrays stay the same."""
    whole = session()
    labels = {**whole.labels, name: replace(whole.labels[name], **changes)}
    return replace(whole, labels=labels)


def edited(data: Dataset, **changes: Any) -> Dataset:
    """The dataset with another manifest."""
    (data.path / "manifest.json").write_text(json.dumps({**data.manifest, **changes}))
    return Dataset(data.path)


def old(data: Dataset) -> Dataset:
    """The dataset as an earlier raylab wrote it."""
    first = fingerprint_of(data.manifest["sessions"], version=1)
    data.manifest.pop("fingerprint_version")
    return edited(data, fingerprint=first)


@pytest.mark.parametrize(
    "other",
    [
        relabelled("heading", kind="continuous"),
        relabelled("position", unit="cm"),
        relabelled("choice", classes=("left", "right")),
        session(kind="calcium"),
    ],
    ids=["kind", "unit", "classes", "activity"],
)
def test_datasets_that_differ_in_meaning_alone(tmp_path: Path, other: Session) -> None:
    one, two = dataset(tmp_path / "one"), dataset(tmp_path / "two", other)
    assert one.manifest["sessions"][0]["sha256"] == two.manifest["sessions"][0]["sha256"]
    assert one.fingerprint != two.fingerprint
    assert one.fingerprint == dataset(tmp_path / "same").fingerprint
    assert one.manifest["fingerprint_version"] == 2
    two.verify()


def test_the_order_of_sessions_and_labels_does_not_count(tmp_path: Path) -> None:
    whole = session("b")
    turned = replace(whole, labels=dict(reversed(whole.labels.items())))
    one = dataset(tmp_path / "one", session("a", seed=1), whole)
    two = dataset(tmp_path / "two", turned, session("a", seed=1))
    assert one.fingerprint == two.fingerprint


def test_an_old_dataset_keeps_its_fingerprint_until_it_is_prepared_again(tmp_path: Path) -> None:
    new = dataset(tmp_path / "ds")
    second = new.fingerprint
    before = old(new)
    assert before.fingerprint == fingerprint_of(new.manifest["sessions"], version=1) != second
    before.verify()
    again = raylab.prepare(tmp_path / "ds", out=tmp_path / "again").dataset
    assert (again.manifest["fingerprint_version"], again.fingerprint) == (2, second)


def test_old_and_new_datasets_join(tmp_path: Path) -> None:
    first = old(dataset(tmp_path / "first", session("a")))
    second = dataset(tmp_path / "second", session("b", seed=1))
    both = raylab.prepare([first.path, second.path], out=tmp_path / "both").dataset
    assert both.manifest["fingerprint_version"] == 2
    parts = [part["fingerprint"] for part in both.manifest["joined"]]
    assert parts == [first.fingerprint, second.fingerprint]
    both.verify()


def test_a_manifest_that_was_edited_does_not_pass_for_the_dataset(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    sessions = json.loads(json.dumps(data.manifest["sessions"]))
    sessions[0]["labels"]["position"]["unit"] = "cm"
    with pytest.raises(DataError, match="do not have its fingerprint"):
        edited(data, sessions=sessions).verify()


def test_a_version_of_a_later_raylab_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fingerprint_version"):
        edited(dataset(tmp_path / "ds"), fingerprint_version=3)
