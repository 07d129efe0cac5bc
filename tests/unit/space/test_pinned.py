"""`--set` on a searched path that has a `when`: trials in which the path exists get the value."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset

from raylab.analysis.scaling.fixed_grid import fixed_grid
from raylab.data.datasets.specs import SessionSpec
from raylab.errors import ConfigError
from raylab.space.draws import random_draws
from raylab.space.load_space import load_space
from raylab.space.shipped import space_file
from raylab.space.space import Space
from raylab.tuning.checks.space import check_space

KIND, HEADS, UNITS = "model.encoder.kind", "model.encoder.heads", "model.encoder.hidden_units"
SEARCH: dict[str, Any] = {
    KIND: {"categorical": ["offset1", "attention"]},
    HEADS: {"categorical": [1, 2], "when": {KIND: "attention"}},
    UNITS: {"categorical": [8, 16], "when": {HEADS: 2}},
}
POINTS = [{KIND: "attention", HEADS: 1}, {KIND: "attention", HEADS: 2}, {KIND: "offset1"}]


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SessionSpec]:
    return dataset(tmp_path_factory.mktemp("pinned") / "ds").sessions


def draws(space: Space, count: int = 40) -> list[dict[str, Any]]:
    return list(islice(random_draws(space, random.Random(0)), count))


def test_the_width_of_networks_is_not_given_to_readouts(sessions: dict[str, SessionSpec]) -> None:
    space = load_space(space_file("decoder"), {"model.width": 32})
    checked, _ = check_space(space, sessions, source="decoder.yaml")
    widths = {draw["model.kind"]: draw.get("model.width") for draw in draws(checked, 200)}
    assert {widths[kind] for kind in ("mlp", "gru", "lstm")} == {32}
    assert {widths[kind] for kind in ("ridge", "knn", "tcn")} == {None}
    for draw in draws(checked):
        checked.config(draw)  # every one is a valid config


def test_points_take_the_value_and_stay_distinct() -> None:
    space = load_space({"search": SEARCH, "points": POINTS}, {HEADS: 1})
    assert space.points == ({KIND: "attention", HEADS: 1}, {KIND: "offset1"})
    assert list(space.search) == [KIND, HEADS]  # what exists only with 2 heads is gone
    assert space.search[HEADS].is_single


@pytest.mark.parametrize("order", [(KIND, HEADS), (HEADS, KIND)])
def test_pinned_with_what_it_depends_on_it_is_a_base_value(order: tuple[str, str]) -> None:
    values: dict[str, Any] = {KIND: "attention", HEADS: 2}
    space = load_space({"search": SEARCH}, {path: values[path] for path in order})
    assert space.base == values
    assert list(space.search) == [UNITS]


@pytest.mark.parametrize("order", [(KIND, HEADS), (HEADS, KIND)])
def test_a_contradiction_is_no_silence(
    order: tuple[str, str], sessions: dict[str, SessionSpec]
) -> None:
    values: dict[str, Any] = {KIND: "offset1", HEADS: 2}
    space = load_space({"search": SEARCH}, {path: values[path] for path in order})
    with pytest.raises(ConfigError, match="heads"):
        check_space(space, sessions, source="s.yaml")


def test_a_list_needs_its_parent() -> None:
    with pytest.raises(ConfigError, match=r"--set model.encoder.heads: .*a single value") as caught:
        load_space({"search": SEARCH}, {HEADS: [1, 2]})
    assert caught.value.remedy == f"Pin {KIND} as well."


def test_a_shared_draw_keeps_its_condition() -> None:
    paths = [UNITS, "model.output_dimension"]
    search = {KIND: SEARCH[KIND], "width": {"categorical": [8, 16], "paths": paths}}
    search["width"]["when"] = {KIND: "attention"}
    space = load_space({"search": search}, {"width": 4})
    drawn = {draw[KIND]: space.drawn(draw)["model"] for draw in draws(space)}
    assert drawn["attention"]["output_dimension"] == 4
    assert "output_dimension" not in drawn["offset1"]


def test_comparisons_keep_it(sessions: dict[str, SessionSpec]) -> None:
    space = load_space({"search": {KIND: SEARCH[KIND], HEADS: SEARCH[HEADS]}}, {HEADS: 2})
    grid, _ = check_space(
        load_space(fixed_grid(space, {KIND: ("offset1", "attention")}, 2)), sessions
    )
    assert {draw[KIND]: draw.get(HEADS) for draw in draws(grid)} == {
        "attention": 2,
        "offset1": None,
    }
    assert grid.with_singles({"model": {"encoder": {"kind": "attention"}}}) == {
        "model": {"encoder": {"kind": "attention", "heads": 2}}
    }


def test_a_file_is_pinned_as_a_mapping_is(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        f"search:\n  {KIND}: {{categorical: [offset1, attention]}}\n"
        f"  {HEADS}: {{categorical: [1, 2], when: {{{KIND}: attention}}}}\n"
    )
    space = load_space(tmp_path / "s.yaml", {HEADS: 2})
    assert space == load_space(load_space({"search": dict(list(SEARCH.items())[:2])}), {HEADS: 2})
