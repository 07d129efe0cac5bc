"""Who gets what: shares, folds, whole sessions and animals; configs that contradict themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from helpers import dataset, session
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

import raylab
from raylab.config.splits import (
    FRACTIONS,
    AnimalSplits,
    ChronologicalSplits,
    SessionSplits,
    SplitsConfig,
)
from raylab.data.preparation.sections import read_sections
from raylab.data.splitting.dealing import quotas
from raylab.data.splitting.splits import CODE, assign_sessions, make_parts
from raylab.errors import ConfigError, DataError

ANIMALS = [
    ("s1", "mouse_a"),
    ("s2", "mouse_a"),
    ("s3", "mouse_b"),
    ("s4", "mouse_c"),
    ("s5", "mouse_d"),
]


def parsed(**value: Any) -> Any:
    return TypeAdapter(SplitsConfig).validate_python(value)


@given(
    st.integers(0, 60),
    st.sampled_from([FRACTIONS, (0.8, 0.2, 0.0), (0.98, 0.01, 0.01), (1 / 3, 1 / 3, 1 / 3)]),
)
def test_quotas_share_out_everything_and_leave_no_split_empty(
    things: int, fractions: tuple[float, ...]
) -> None:
    counts = quotas(things, fractions)
    assert counts.sum() == things
    assert (counts >= 0).all()
    assert (counts[np.array(fractions) == 0] == 0).all()
    if things >= sum(share > 0 for share in fractions):
        assert (counts[np.array(fractions) > 0] >= 1).all()
    if (things * np.array(fractions))[np.array(fractions) > 0].min() >= 1:
        assert (np.abs(counts - things * np.array(fractions)) < 1 + 1e-9).all()


# -- sessions and animals --------------------------------------------------------------------------


@st.composite
def collections(draw: st.DrawFn) -> list[tuple[str, str]]:
    names = draw(
        st.lists(st.text("abc123_", min_size=1, max_size=6), min_size=3, max_size=20, unique=True)
    )
    return [(name, f"mouse_{draw(st.integers(0, 6))}") for name in names]


@settings(max_examples=100, deadline=None)
@given(
    collections(),
    st.randoms(use_true_random=False),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
def test_sessions_are_dealt_whole_whatever_their_order(
    sessions: list[tuple[str, str]], random: Any, seed: int, by_animal: bool, folded: bool
) -> None:
    names = {animal if by_animal else name for name, animal in sessions}
    kind = AnimalSplits if by_animal else SessionSplits
    config = kind(seed=seed, folds=3, fold=1) if folded else kind(seed=seed)
    if len(names) < 3:
        with pytest.raises(
            DataError, match=rf"the dataset has {len(names)} {config.kind}, too few for"
        ):
            assign_sessions(config, sessions)
        return
    codes = assign_sessions(config, sessions)
    assert codes is not None
    assert set(codes.values()) == {0, 1, 2}
    assert list(codes) == [name for name, _ in sessions]
    shuffled = random.sample(sessions, len(sessions))
    assert assign_sessions(config, shuffled) == codes
    if by_animal:
        assert all(
            codes[a] == codes[b] for a, one in sessions for b, other in sessions if one == other
        )


@pytest.mark.parametrize("folds", [3, 4, "leave_one_out"])
@pytest.mark.parametrize("kind", ["sessions", "animals"])
def test_over_all_folds_each_session_tests_once(kind: str, folds: Any) -> None:
    count = folds if isinstance(folds, int) else {"sessions": 5, "animals": 4}[kind]
    found = [
        assign_sessions(parsed(kind=kind, folds=folds, fold=fold), ANIMALS) for fold in range(count)
    ]
    for name, _ in ANIMALS:
        assert sorted(codes[name] for codes in found) == sorted([0] * (count - 2) + [1, 2])  # type: ignore[index]
    if folds == "leave_one_out":
        tested = [{name for name, code in codes.items() if code == 2} for codes in found]  # type: ignore[union-attr]
        assert tested[0] == ({"s1", "s2"} if kind == "animals" else {"s1"})
        with pytest.raises(
            DataError, match=rf"the dataset has {count} {kind}: there is no fold {count}"
        ):
            assign_sessions(parsed(kind=kind, folds=folds, fold=count), ANIMALS)


def test_named_sessions_and_animals() -> None:
    config = parsed(kind="animals", valid=["mouse_b"], test=["mouse_a"])
    assert assign_sessions(config, ANIMALS) == {"s1": 2, "s2": 2, "s3": 1, "s4": 0, "s5": 0}
    numbered = [("500000001", ""), ("500000002", ""), ("500000003", "")]
    config = parsed(kind="sessions", test=[500000002])  # YAML reads an id as a number
    assert assign_sessions(config, numbered) == {"500000001": 0, "500000002": 2, "500000003": 0}
    assert assign_sessions(ChronologicalSplits(), numbered) is None


@pytest.mark.parametrize(
    ("config", "words", "remedy"),
    [
        (
            {"kind": "animals", "test": ["mouse_e"]},
            "splits.test: no animal is called 'mouse_e'",
            "Did you mean",
        ),
        (
            {"kind": "sessions", "valid": ["mouse_a"]},
            "splits.valid: no session is called 'mouse_a'",
            "Known: s1",
        ),
        (
            {"kind": "sessions", "valid": ["s1", "s2"], "test": ["s3", "s4", "s5"]},
            "none is left to train",
            "fewer",
        ),
        (
            {"kind": "animals", "folds": 5, "fold": 0},
            "has 4 animals, too few for 5 folds: 5 are needed",
            "splits",
        ),
    ],
)
def test_names_and_numbers_that_do_not_fit(config: dict, words: str, remedy: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        assign_sessions(parsed(**config), ANIMALS)
    assert remedy in caught.value.remedy


def test_animals_that_are_not_known_are_named() -> None:
    unknown = [(f"u{number}", "") for number in range(7)]
    with pytest.raises(
        DataError, match="not known of u0, u1, u2, u3, u4 and 2 more sessions"
    ) as caught:
        assign_sessions(AnimalSplits(), [*ANIMALS, *unknown])
    assert "session.animal_path" in caught.value.remedy


def test_a_whole_session_is_one_split_and_keeps_its_segments() -> None:
    one = session(segments=[[0, 150], [160, 400]])
    for code in CODE.values():
        parts = make_parts(one, SessionSplits(), source="rat.npz", whole=code)
        assert parts.tolist() == [[0, 150, code], [160, 400, code]]
    with pytest.raises(
        DataError, match=r"rat.npz: splits.kind 'sessions' distributes whole sessions"
    ):
        make_parts(one, SessionSplits(), source="rat.npz")


# -- configs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            {"kind": "blocked", "folds": 5, "fold": 0, "fractions": [0.6, 0.2, 0.2]},
            "exclude each other",
        ),
        (
            {"kind": "sessions", "folds": 5, "fold": 0, "test": ["a"]},
            "folds and test exclude each other",
        ),
        (
            {"kind": "sessions", "fractions": [0.6, 0.2, 0.2], "test": ["a"]},
            "fractions and test exclude each other",
        ),
        ({"kind": "blocked", "folds": 5}, "must be given together"),
        ({"kind": "blocked", "fold": 0}, "must be given together"),
        ({"kind": "blocked", "folds": 5, "fold": 5}, "fold 5 does not exist: 5 folds are 0 to 4"),
        (
            {"kind": "blocked", "folds": 2, "fold": 0},
            "splits.folds: 3 or more, or leave_one_out, is needed",
        ),
        ({"kind": "blocked", "folds": True, "fold": 0}, "splits.folds: a whole number is needed"),
        (
            {"kind": "blocked", "folds": 11, "fold": 0},
            "11 folds need at least 11 blocks, not 10",
        ),
        (
            {"kind": "chronological", "folds": "leave_one_out", "fold": 0},
            "a number of folds is needed",
        ),
        (
            {"kind": "animals", "folds": "leave_one_out", "fold": 0, "seed": 1},
            "`seed` has no effect here",
        ),
        ({"kind": "animals", "test": ["a"], "seed": 1}, "`seed` has no effect here"),
        ({"kind": "animals", "valid": ["a"], "test": ["b", "a"]}, "name a twice"),
        ({"kind": "given", "folds": 5, "fold": 0}, "the splits that the file states"),
        ({"kind": "groups"}, "splits.by: is missing"),
        ({"kind": "sessions", "gap_s": 1}, "unknown key 'splits.gap_s'"),
        ({"kind": "chronological", "seed": 1}, "unknown key 'splits.seed'"),
        ({"kind": "blocked", "fractions": [0.5, 0.2, 0.2]}, "sum to 1"),
    ],
)
def test_contradictions_are_refused(text: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_sections({"splits": text}, {}, "recipe.yaml")


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "chronological"},
        {"kind": "blocked", "folds": 4, "fold": 1},
        {"kind": "groups", "by": "presentation", "stratify": "image"},
        {"kind": "animals", "folds": "leave_one_out", "fold": 2},
        {"kind": "sessions", "valid": ["a"], "test": ["b"]},
        {"kind": "given"},
    ],
)
def test_what_is_recorded_reads_back_as_the_same_config(value: dict) -> None:
    config = parsed(**value)
    assert parsed(**config.model_dump(mode="json")) == config
    assert parsed(**config.model_dump(mode="json", exclude_none=True)) == config
    states_shares = value["kind"] != "given" and not {"folds", "test"} & set(value)
    assert getattr(config, "fractions", None) == (FRACTIONS if states_shares else None)


def test_examples_of_the_docs_are_splits_of_every_kind() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "splits.md").read_text()
    kinds = {
        parsed(**yaml.safe_load(line)["splits"]).kind
        for line in text.splitlines()
        if line.startswith("splits:")
    }
    assert kinds == {"given", "chronological", "blocked", "trials", "groups", "sessions", "animals"}
    assert all(f"| `{kind}` |" in text for kind in kinds)


def test_folds_on_the_command_line_replace_the_fractions_of_recipe_or_dataset() -> None:
    recorded = {
        "kind": "blocked",
        "fractions": [0.6, 0.2, 0.2],
        "blocks": 10,
        "gap_s": 2.0,
        "seed": 0,
    }
    folded = read_sections({"splits": recorded}, {"splits.folds": 5, "splits.fold": 0}, "ds").stated
    assert folded == parsed(kind="blocked", folds=5, fold=0, gap_s=2.0)
    next_fold = read_sections({"splits": folded.model_dump()}, {"splits.fold": 1}, "ds").stated  # type: ignore[union-attr]
    assert next_fold == parsed(kind="blocked", folds=5, fold=1, gap_s=2.0)
    back = read_sections(
        {"splits": folded.model_dump()}, {"splits.fractions": [0.8, 0.1, 0.1]}, "ds"
    ).stated  # type: ignore[union-attr]
    assert back == parsed(kind="blocked", fractions=[0.8, 0.1, 0.1], gap_s=2.0)
    both = {"splits.folds": 5, "splits.fold": 0, "splits.fractions": [0.8, 0.1, 0.1]}
    with pytest.raises(ConfigError, match="exclude each other"):
        read_sections({"splits": recorded}, both, "ds")


# -- through prepare -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five sessions of four animals."""
    sessions = [session(name, animal=animal, seed=at) for at, (name, animal) in enumerate(ANIMALS)]
    return dataset(tmp_path_factory.mktemp("ds"), *sessions).path


def test_leave_one_animal_out_of_a_prepared_dataset(prepared: Path, tmp_path: Path) -> None:
    held_out = set()
    for fold in range(4):
        overrides = {"splits.kind": "animals", "splits.folds": "leave_one_out", "splits.fold": fold}
        made = raylab.prepare(prepared, out=tmp_path / f"animal{fold}", overrides=overrides).dataset
        assert made.manifest["splits"] == {
            "kind": "animals",
            "folds": "leave_one_out",
            "fold": fold,
            "seed": 0,
        } | {
            "valid": [],
            "test": [],
        }
        tested = {name for name, spec in made.sessions.items() if spec.splits["test"] > 0}
        assert all(
            spec.splits[split] in (0, 400) for spec in made.sessions.values() for split in CODE
        )
        held_out |= {frozenset(tested)}
    assert held_out == {frozenset(names) for names in (["s1", "s2"], ["s3"], ["s4"], ["s5"])}


def test_five_folds_of_a_prepared_dataset(prepared: Path, tmp_path: Path) -> None:
    tested = np.zeros(400, int)
    for fold in range(5):
        overrides = {"splits.folds": 5, "splits.fold": fold}
        made = raylab.prepare(prepared, out=tmp_path / f"fold{fold}", overrides=overrides).dataset
        assert made.sessions["s1"].splits == {"train": 240, "valid": 80, "test": 80}
        for start, stop, code in made.open("s1").parts:
            tested[start:stop] += code == CODE["test"]
    assert (tested == 1).all()


# -- another fold validates ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [{"kind": "chronological"}, {"kind": "blocked", "blocks": 5}, {"kind": "trials"}]
)
def test_any_fold_but_the_one_that_tests_may_validate(kind: dict[str, Any]) -> None:
    segments = [[80 * at, 80 * at + 80] for at in range(5)]
    data = session("a", segments=segments)

    def codes(**changes: Any) -> np.ndarray:
        config = parsed(**kind, folds=5, fold=1, **changes)
        dealt = np.full(400, -1)
        for start, stop, code in make_parts(data, config, source="a").tolist():
            dealt[start:stop] = code
        return dealt

    following, other = codes(), codes(valid_fold=4)
    assert np.array_equal(following, codes(valid_fold=2))
    assert np.array_equal(following == CODE["test"], other == CODE["test"])
    assert not ((following == CODE["valid"]) & (other == CODE["valid"])).any()
    assert (other == CODE["valid"]).sum() == 80


def test_left_out_sessions_may_be_validated_by_any_other() -> None:
    config = SessionSplits(folds="leave_one_out", fold=0, valid_fold=3)
    codes = assign_sessions(config, ANIMALS)
    assert codes is not None
    assert [name for name, code in codes.items() if code == CODE["valid"]] == ["s4"]
    with pytest.raises(DataError, match="no fold 5"):
        assign_sessions(SessionSplits(folds="leave_one_out", fold=0, valid_fold=5), ANIMALS)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"folds": 5, "fold": 2, "valid_fold": 2}, "another fold than `fold`"),
        ({"folds": 5, "fold": 2, "valid_fold": 5}, "valid_fold 5 does not exist"),
        ({"valid_fold": 1}, "needs `folds` and `fold`"),
    ],
)
def test_a_fold_that_cannot_validate_is_refused(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ChronologicalSplits(**values)
