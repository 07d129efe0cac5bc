"""Positives in other sessions: found by label, exact, dealt evenly; one loss over all; refused
where labels differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, trial
from scipy import stats

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.sampling import SamplingConfig, sampling_section
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import assemble, cut, whole_shard
from raylab.errors import ConfigError, TrainingError
from raylab.models.losses import bits
from raylab.sampling.across import AcrossSampler
from raylab.sampling.source import Source
from raylab.tasks.contrastive.model import ContrastiveModel
from raylab.tasks.contrastive.pairs import group_draws
from raylab.tasks.embedding import embed_session
from raylab.tasks.families import get_task
from raylab.tasks.protocol import Comm
from raylab.training.loop import Training

LENGTHS = (300, 200, 260)
CONDITIONALS = ("time_delta", "delta", "discrete", "mixed")


def config_of(conditional: str, **values: Any) -> SamplingConfig:
    section = sampling_section(
        conditional=conditional, time_offset=4, delta=0.3, positives="across", **values
    )
    return ContrastiveTrial.model_validate({"sampling": section}).sampling


def labels_of(conditional: str, seed: int, rows: int) -> list[Label]:
    """Sessions cover different stretches of the label, so that few rows have equals elsewhere."""
    random = np.random.default_rng(seed)
    walk = Label.continuous(np.cumsum(random.standard_normal((rows, 2)), axis=0) * 0.3 + seed)
    classes = Label.discrete(np.array(["a", "b", "c", "d"])[random.integers(0, 3, rows)])
    return {"discrete": [classes], "mixed": [walk, classes]}.get(conditional, [walk])


def sampler(
    conditional: str, seed: int = 0, labels: list[list[Label]] | None = None, **values: Any
) -> AcrossSampler:
    sources = [Source(np.array([[0, rows]]), 2, 3, name) for rows, name in zip(LENGTHS, "xyz")]
    labels = labels or [labels_of(conditional, at, rows) for at, rows in enumerate(LENGTHS)]
    return AcrossSampler(sources, labels, config_of(conditional, **values), seed)


@pytest.mark.parametrize("conditional", CONDITIONALS)
def test_draw_is_pure_and_deals_evenly(conditional: str) -> None:
    pairs = sampler(conditional)
    first = pairs.draw(70, 32, 5)
    pairs.draw(0, 32, 5), pairs.draw(70, 16)
    again = sampler(conditional).draw(70, 32, 5)
    for one, other in zip(first.sessions, again.sessions, strict=True):
        assert torch.equal(one.rows, other.rows)
        assert [tuple(part.shape) for part in one] == [(32,), (1, 32), (5,)]
    assert torch.equal(first.partner, again.partner)
    assert torch.equal(
        first.partner.sort().values, torch.arange(96)
    )  # every positive has one reference
    assert not torch.equal(
        first.sessions[0].rows, sampler(conditional, seed=1).draw(70, 32, 5).sessions[0].rows
    )
    large = pairs.draw(3, 10_000)
    dealt = [np.bincount(large.partner[at * 10_000 :][:10_000] // 10_000) for at in range(3)]
    assert stats.chi2_contingency(dealt).pvalue > 1e-4  # whichever session asks
    for rows, one in zip(LENGTHS, large.sessions):
        assert int(one.rows.min()) >= 2
        assert int(one.rows.max()) <= rows - 3
        assert len(one.reference.unique()) == len(one.negative.unique()) == rows - 4


@pytest.mark.parametrize("conditional", ["time_delta", "delta", "mixed"])
def test_positives_answer_their_query_exactly(
    conditional: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against all samples of the session that answers; a reference's query is read where it is
    asked.
    """
    pairs, asked = sampler(conditional), []

    def heard(query: Callable[..., np.ndarray], *arguments: Any) -> np.ndarray:
        asked.append(query(*arguments))
        return asked[-1]

    for one in pairs._conditionals:
        monkeypatch.setattr(one, "query", partial(heard, one.query))
    drawn = pairs.draw(0, 64)
    steps = len(asked[0]) // 64
    queries = np.concatenate([one.reshape(steps, 64, -1)[0] for one in asked])
    positives = torch.cat([one.positive[0] for one in drawn.sessions])[drawn.partner].numpy()
    answering = (drawn.partner // 64).numpy()
    for query, row, place in zip(queries, positives, answering):
        labels = labels_of(conditional, place, LENGTHS[place])
        usable = np.arange(2, LENGTHS[place] - 2)
        if conditional == "mixed":
            usable = usable[labels[1].values[usable] == query[0]]
        apart = np.square(labels[0].values[usable] - query[-2:]).sum(1)
        assert row == usable[apart.argmin()]


def test_label_changes_are_those_of_all_sessions() -> None:
    changes = [one.changes for one in sampler("time_delta")._conditionals]  # type: ignore[attr-defined]
    assert len(changes[0]) == sum(rows - 4 for rows in LENGTHS)
    assert all(found is changes[0] for found in changes)


@pytest.mark.parametrize("conditional", ["discrete", "mixed"])
def test_classes_are_matched_by_name(conditional: str) -> None:
    """A code means another class in each session; a class that one lacks has no reference, but is a
    negative.
    """
    random, names = (
        np.random.default_rng(0),
        [("left", "right", "up"), ("ahead", "left", "right"), ("right", "left")],
    )
    raw = [np.array(of)[random.integers(0, len(of), rows)] for of, rows in zip(names, LENGTHS)]
    labels = [[Label.discrete(of)] for of in raw]
    if conditional == "mixed":
        labels = [[*of, *labels_of("delta", 0, len(of[0].values))] for of in labels]
    drawn = sampler(conditional, labels=labels, prior="empirical").draw(0, 3000)
    reference = np.concatenate([of[one.reference] for of, one in zip(raw, drawn.sessions)])
    positive = np.concatenate([of[one.positive[0]] for of, one in zip(raw, drawn.sessions)])[
        drawn.partner
    ]
    assert set(reference) == {"left", "right"}
    assert (reference == positive).all()
    assert set(raw[0][drawn.sessions[0].negative]) == {"left", "right", "up"}


def test_no_class_in_common() -> None:
    labels = [[Label.discrete(np.arange(rows) % 2 + 2 * at)] for at, rows in enumerate(LENGTHS)]
    with pytest.raises(TrainingError, match="no class of the label in common"):
        sampler("discrete", labels=labels)


# -- in a trial ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    sessions = [
        session("a"),
        session("b", units=3, seed=1),
        session("c", units=5, samples=500, seed=2),
    ]
    return dataset(tmp_path_factory.mktemp("across") / "ds", *sessions)


def across(
    combine: str = "separate", conditional: str = "time_delta", **sections: Any
) -> ContrastiveTrial:
    more = {"positives": "across", "conditional": conditional, **sections.pop("sampling", {})}
    found = trial(sessions={"combine": combine}, sampling=more, **sections)
    assert isinstance(found, ContrastiveTrial)
    return found


def training_of(data: Dataset, config: ContrastiveTrial) -> Training:
    return Training(config, data, whole_shard(data, config.view, config.sessions))


@pytest.mark.parametrize("combine", ["separate", "padded"])
@pytest.mark.parametrize("kind", ["offset10", "attention"])  # by hand, and readable
@pytest.mark.parametrize("negatives", [None, 5])
def test_the_loss_is_one_over_all_sessions(
    made: Dataset, combine: str, kind: str, negatives: int | None
) -> None:
    config = across(combine, model={"encoder": {"kind": kind}}, sampling={"negatives": negatives})
    training = training_of(made, config)
    model = training.model.eval()
    assert isinstance(model, ContrastiveModel)
    (pairs,) = training.batch(0)
    reference, positive, negative = [], [], []
    for one, rows in zip(pairs.sessions, pairs.rows, strict=True):
        sizes = [16, 16, negatives or 16]
        for into, part in zip(
            (reference, positive, negative), model.encode(one, rows).split(sizes)
        ):
            into.append(part)
    assert pairs.layout.partner is not None
    partners = torch.cat(positive)[pairs.layout.partner]
    expected = model.criterion(torch.cat(reference), partners, torch.cat(negative))
    found = training.task.loss(model, [pairs], Comm())["loss"]
    torch.testing.assert_close(found, expected)
    labels = [one.timeline.labels["position"].values[:, 0] for one in pairs.sessions]
    asked = np.concatenate([of[rows[:16]] for of, rows in zip(labels, pairs.rows)])
    answered = np.concatenate([of[rows[16:32]] for of, rows in zip(labels, pairs.rows)])
    matched, unmatched = (
        np.abs(asked - of).mean() for of in (answered[pairs.layout.partner], answered)
    )
    assert matched < unmatched / 2


class Parts(Comm):
    """Several workers in one process: `gather_rows` adds what the others hold to what one holds."""

    def __init__(self, rank: int, workers: int, others: torch.Tensor) -> None:
        self.rank, self.workers, self.others = rank, workers, others

    def gather_rows(self, rows: torch.Tensor) -> torch.Tensor:
        return rows + self.others


class Listening(Comm):
    workers = 2
    heard: torch.Tensor

    def gather_rows(self, rows: torch.Tensor) -> torch.Tensor:
        self.heard = rows.detach()
        return rows


@pytest.mark.parametrize(
    "sampling",
    [
        {"conditional": "time_delta", "positives": "across"},
        {"conditional": "discrete", "labels": ["choice"], "positives": "across", "negatives": 7},
        {"conditional": "time_delta", "negatives": 33},
        {"conditional": "hybrid", "behaviour_dimensions": 2, "negatives": 5},
    ],
    ids=str,
)
def test_two_workers_compute_the_loss_of_one(made: Dataset, sampling: dict[str, Any]) -> None:
    """Each encodes the rows it owns and scores its share; forwards here, gradients too in
    tests/ray.
    """
    config = trial(sampling=sampling, loss={"kind": "focal"})
    training = training_of(made, config)
    assert isinstance(config, ContrastiveTrial)
    left, right = get_task(config).receptive_field(config)
    shares: list[dict[str, Any]] = [{}, {}]
    for name, whole in training.shard.items():
        for share, chunks in zip(shares, cut(whole.timeline, workers=2, left=left, right=right)):
            pieces = [whole.x[chunk.low : chunk.high].numpy() for chunk in chunks]
            share[name] = assemble(whole.timeline, chunks, pieces, whole.fitted)
    batches = [training.task.batches(config, share)(0) for share in shares]
    heard = [Listening(), Listening()]
    for comm, batch in zip(heard, batches):
        training.task.loss(training.model, batch, comm)
    assert all(float(comm.heard.abs().max()) > 0 for comm in heard)
    parts = [
        training.task.loss(training.model, batches[rank], Parts(rank, 2, heard[1 - rank].heard))[
            "loss"
        ]
        for rank in range(2)
    ]
    expected = training.task.loss(training.model, training.batch(0), Comm())["loss"]
    torch.testing.assert_close(parts[0] + parts[1], expected, rtol=1e-5, atol=1e-6)
    assert float(parts[0].detach().abs()) > 1e-3


def test_goodness_of_fit_counts_the_negatives_of_all_sessions(made: Dataset) -> None:
    config = across(loss={"kind": "focal", "gamma": 3.0}, evaluation={"bits_batch": 64})
    training = training_of(made, config)
    model, field = training.model, training.task.receptive_field(config)
    assert isinstance(model, ContrastiveModel)
    lines = {name: one.timeline for name, one in training.shard.items()}
    (draw,) = group_draws(config, lines, split="valid", field=field, seed=0)
    losses = []
    for step in range(16):
        group = draw(step, 64, 64)
        z = [
            torch.from_numpy(embed_session(model.encoder(name), training.shard[name], Comm()))
            for name in group.sessions
        ]
        blocks = torch.stack([of[rows] for of, rows in zip(z, group.rows)])
        positives = blocks[:, 64:128].flatten(0, 1)[group.layout.partner]
        rows = model.criterion.infonce(
            blocks[:, :64].flatten(0, 1), positives, blocks[:, 128:].flatten(0, 1)
        )
        losses.append(float(rows.mean()))
    expected = bits(float(np.mean(losses)), 3 * 64)
    assert training.validate().metrics["goodness_of_fit"] == pytest.approx(expected, abs=1e-6)


def test_training_across_sessions_goes_on_exactly(made: Dataset, tmp_path: Path) -> None:
    whole, part = (training_of(made, across(conditional="delta")) for _ in range(2))
    whole.advance(), whole.advance(), part.advance()
    part.save(tmp_path / "one.safetensors")
    resumed = training_of(made, across(conditional="delta"))
    resumed.load(tmp_path / "one.safetensors")
    resumed.advance()
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_sessions_learn_one_space(made: Dataset) -> None:
    """Embeddings of the same position lie together only where positives cross sessions."""
    apart = {}
    for positives in ("within", "across"):
        more = {"training": {"max_steps": 200, "batch_size": 32, "validate_every": 200}}
        training = training_of(
            made, across(sampling={"positives": positives, "time_offset": 1}, **more)
        )
        training.advance()
        space = []
        for name, one in training.shard.items():
            z = embed_session(training.model.encoder(name), one, Comm())  # type: ignore[operator]
            position = one.timeline.labels["position"].values[:, 0]
            space.append(np.stack([z[position > 0.5].mean(0), z[position < -0.5].mean(0)]))
        apart[positives] = max(np.linalg.norm(space[0] - other) for other in space[1:])
    assert apart["across"] < 0.5 * apart["within"]


# -- refusals --------------------------------------------------------------------------------------


def other_labels(**labels: Label) -> list[Any]:
    return [session("a"), session("b", units=3, labels={**session("b", seed=1).labels, **labels})]


@pytest.mark.parametrize(
    ("labels", "sampling", "said"),
    [
        (
            {"position": Label.continuous(np.arange(400.0), unit="m", kind="circular")},
            {},
            "label 'position': kind is 'continuous' in session 'a' and 'circular' in 'b'",
        ),
        (
            {"position": Label.continuous(np.arange(400.0), unit="cm")},
            {},
            "unit is 'm' in session 'a' and 'cm' in 'b'",
        ),
        (
            {"position": Label.continuous(np.ones((400, 2)), unit="m")},
            {},
            "dims is 1 in session 'a' and 2 in 'b'",
        ),
        (
            {"choice": Label.discrete(np.arange(400) % 2 + 5)},
            {"conditional": "discrete", "labels": ["choice"]},
            "no class of label 'choice' occurs in all of a, b",
        ),
    ],
)
def test_labels_that_do_not_mean_the_same(
    labels: dict[str, Label], sampling: dict[str, Any], said: str, tmp_path: Path
) -> None:
    data, config = dataset(tmp_path / "ds", *other_labels(**labels)), across(sampling=sampling)
    with pytest.raises(ConfigError) as caught:
        get_task(config).check(config, data.sessions)
    assert "sampling.positives 'across'" in caught.value.what
    assert said in caught.value.what
    assert "sampling.labels" in caught.value.remedy
    within = across(sampling={**sampling, "positives": "within"})
    get_task(within).check(within, data.sessions)


def test_one_session_has_no_other(tmp_path: Path) -> None:
    data, config = dataset(tmp_path / "ds", session("a")), across()
    with pytest.raises(ConfigError, match="1 session trains, two are needed"):
        get_task(config).check(config, data.sessions)
    with pytest.raises(ConfigError, match=r"needs several sessions; sessions\.combine is 'first'"):
        across("first")


def test_sessions_whose_first_labels_differ(tmp_path: Path) -> None:
    one = session("b", units=3, seed=1)
    turned = {name: one.labels[name] for name in ("heading", "position", "choice")}
    data, config = (
        dataset(tmp_path / "ds", session("a"), session("b", units=3, labels=turned)),
        across(),
    )
    with pytest.raises(ConfigError, match="defined by position, those of 'b' by heading"):
        get_task(config).check(config, data.sessions)


@pytest.mark.parametrize("conditional", ["time", "hybrid", "multi"])
def test_time_does_not_cross_sessions(conditional: str) -> None:
    more = {"objectives": {"a": {"conditional": "time"}}} if conditional == "multi" else {}
    with pytest.raises(ConfigError, match=r"unknown key 'sampling\.positives'") as caught:
        trial(sampling={"conditional": conditional, "positives": "across", **more})
    assert "It exists where sampling.conditional is time_delta" in caught.value.remedy
