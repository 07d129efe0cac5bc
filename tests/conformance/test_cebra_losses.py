"""Losses, pairs and training over several sessions or objectives against cebra 0.6.1 itself."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import cebra.data
import cebra.distributions
import cebra.models
import cebra.solver
import numpy as np
import pytest
import torch
from cebra.models import criterions
from scipy import stats

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.encoders import OffsetEncoderConfig
from raylab.config.sampling import SamplingConfig
from raylab.data.session import Label
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.models.fast.contrastive_step import FusedEncoder, fused_loss
from raylab.models.losses import InfoNCE, value_and_gradients
from raylab.models.objectives import Layout, Objectives
from raylab.sampling.across import AcrossSampler
from raylab.sampling.contrastive import PairSampler
from raylab.sampling.source import Source

SAMPLES, DRAWS, OFFSET = 3000, 20_000, 5
CRITERIONS = {
    ("cosine", False): criterions.FixedCosineInfoNCE,
    ("cosine", True): criterions.LearnableCosineInfoNCE,
    ("euclidean", False): criterions.FixedEuclideanInfoNCE,
    ("euclidean", True): criterions.LearnableEuclideanInfoNCE,
}


def trial(**sections: Any) -> ContrastiveTrial:
    torch.set_num_threads(1)
    return ContrastiveTrial.model_validate(sections)


def sampling(**section: Any) -> SamplingConfig:
    return trial(sampling=section).sampling


# -- values and gradients --------------------------------------------------------------------------


@pytest.mark.parametrize(("similarity", "learnable"), CRITERIONS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("negatives", [16, 64, 300])
def test_closed_form_with_any_number_of_negatives(
    similarity: str, learnable: bool, temperature: float, negatives: int
) -> None:
    loss: dict[str, Any] = {
        "similarity": similarity,
        "temperature": temperature,
        "learnable_temperature": learnable,
    }
    config = trial(loss=loss).loss
    theirs = CRITERIONS[similarity, learnable](
        temperature, *([config.min_temperature] if learnable else [])
    )
    torch.manual_seed(0)
    batch = [torch.nn.functional.normalize(torch.randn(count, 8)) for count in (64, 64, negatives)]
    with torch.no_grad():
        value, gradients, learnt = value_and_gradients(InfoNCE(config), *batch)
    others = [x.clone().requires_grad_() for x in batch]
    expected = theirs(*others)[0]
    expected.backward()
    found = [value, *gradients, *learnt]
    for mine, other in zip(
        found, [expected.detach(), *(p.grad for p in (*others, *theirs.parameters()))], strict=True
    ):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)


def both(units: int = 20, output: int = 8) -> tuple[Encoder, torch.nn.Module]:
    ours = build_encoder(OffsetEncoderConfig(kind="offset10"), units=units, output_dimension=output)
    theirs = cebra.models.init("offset10-model", units, 32, output, True)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def of_step(encoders: list[Encoder], loss: torch.Tensor) -> list[torch.Tensor]:
    loss.backward()
    return [loss.detach(), *(p.grad for encoder in encoders for p in encoder.parameters())]


def ours_both_ways(
    encoders: list[Encoder], windows: list[torch.Tensor], objectives: Objectives, layout: Layout
) -> list[list[torch.Tensor]]:
    """Loss and gradients, readable and by hand."""
    found = []
    for by_hand in (False, True):
        for encoder in encoders:
            encoder.zero_grad()
        if by_hand:
            seen = [FusedEncoder(encoder).of_windows(x) for encoder, x in zip(encoders, windows)]
            loss = fused_loss(seen, objectives, layout)
        else:
            loss = objectives.forward(
                torch.cat([encoder(x) for encoder, x in zip(encoders, windows)]), layout
            )
        found.append(of_step(encoders, loss))
    return found


def assert_steps_equal(found: list[list[torch.Tensor]], expected: list[torch.Tensor]) -> None:
    for step in found:
        for mine, other in zip(step, expected, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("renormalize", [False, True])
def test_a_step_of_hybrid_training(renormalize: bool) -> None:
    """Its solver's own step: behaviour on the first three dimensions, time on all."""
    torch.manual_seed(0)
    ours, theirs = both()
    criterion = criterions.FixedCosineInfoNCE(0.7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = torch.optim.SGD(theirs.parameters(), lr=0.0)
        solver = cebra.solver.init(
            "single-session-hybrid",
            model=theirs,
            criterion=criterion,
            optimizer=optimizer,
            tqdm_on=False,
            renormalize_features=renormalize,
        )
    parts = [torch.randn(count, 10, 20) for count in (64, 128, 64)]
    batch = cebra.data.Batch(*(part.transpose(1, 2) for part in parts))
    stats_of_step = solver.step(batch)
    total = torch.tensor(stats_of_step["behavior_total"] + stats_of_step["time_total"])
    expected = [total, *(p.grad for p in theirs.parameters())]
    config = trial(
        loss={"temperature": 0.7},
        sampling={"conditional": "hybrid", "behaviour_dimensions": 3, "renormalize": renormalize},
    )
    objectives, layout = (
        Objectives(InfoNCE(config.loss), config.sampling),
        Layout(64, 64, objectives=2),
    )
    assert_steps_equal(ours_both_ways([ours], [torch.cat(parts)], objectives, layout), expected)


def test_a_step_of_several_objectives() -> None:
    """MultiCriterions on slices of the embedding, summed with weights."""
    torch.manual_seed(0)
    ours, theirs = both()
    parts = [torch.randn(64, 10, 20) for _ in range(4)]
    model = cebra.models.create_multiobjective_model(
        module=theirs, feature_ranges=[slice(0, 3), slice(3, 8)], renormalize=True
    )
    model.set_split_outputs(True)
    entry = {"name": "FixedCosineInfoNCE", "kwargs": {"temperature": 0.6}}
    several = cebra.models.MultiCriterions(
        losses=[{"indices": indices, "contrastive_loss": entry} for indices in ((0, 3), (3, 8))],
        mode="contrastive",
    )
    reference, first, second, negative = (model(part.transpose(1, 2)) for part in parts)
    losses = several(
        [
            cebra.data.Batch(reference[0], first[0], negative[0]),
            cebra.data.Batch(reference[1], second[1], negative[1]),
        ]
    )
    total = losses[0] + 0.3 * losses[1]
    total.backward()
    expected = [total.detach(), *(p.grad for p in theirs.parameters())]
    named = {
        "near": {"conditional": "delta", "dimensions": [0, 3]},
        "time": {"conditional": "time", "dimensions": [3, 8], "weight": 0.3},
    }
    config = trial(
        loss={"temperature": 0.6},
        sampling={"conditional": "multi", "objectives": named, "renormalize": True},
    )
    objectives, layout = (
        Objectives(InfoNCE(config.loss), config.sampling),
        Layout(64, 64, objectives=2),
    )
    assert_steps_equal(ours_both_ways([ours], [torch.cat(parts)], objectives, layout), expected)


def test_a_step_over_several_sessions() -> None:
    """Its solver's own loss on one draw of its sampler: sessions of different width, positives
    across them.
    """
    torch.manual_seed(0)
    np.random.seed(0)
    widths, sessions = (20, 12, 15), []
    for width in widths:
        index = torch.cumsum(torch.randn(SAMPLES, 2), dim=0)
        sessions.append(cebra.data.TensorDataset(torch.randn(SAMPLES, width), continuous=index))
    collection = cebra.data.DatasetCollection(*sessions)
    pairs = [both(width) for width in widths]
    ours, theirs = [one for one, _ in pairs], torch.nn.ModuleList([other for _, other in pairs])
    collection.configure_for(theirs)
    loader = cebra.data.ContinuousMultiSessionDataLoader(
        dataset=collection, num_steps=1, batch_size=32, time_offset=OFFSET
    )
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.0)
    criterion = criterions.FixedCosineInfoNCE(0.7)
    solver = cebra.solver.init(
        "multi-session", model=theirs, criterion=criterion, optimizer=optimizer, tqdm_on=False
    )
    index = loader.get_indices(32)
    batches = collection.load_batch(index)
    windows = [
        torch.cat(
            [part.transpose(1, 2).clone() for part in (one.reference, one.positive, one.negative)]
        )
        for one in batches
    ]
    scored = solver._inference(batches)
    total = criterion(scored.reference, scored.positive, scored.negative)[0]
    expected = [total.detach(), *torch.autograd.grad(total, list(theirs.parameters()))]
    partner = torch.from_numpy(np.asarray(index.index_reversed)).flatten()
    layout = Layout(32, 32, sessions=3, partner=partner)
    config = trial(loss={"temperature": 0.7})
    objectives = Objectives(InfoNCE(config.loss), config.sampling)
    assert_steps_equal(ours_both_ways(ours, windows, objectives, layout), expected)


# -- pairs: the same distributions -----------------------------------------------------------------


def smooth(columns: int, seed: int = 0) -> np.ndarray:
    """(T, columns) random walks over 0, 1 .. 30, where cebra's float32 search is exact."""
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.integers(-1, 2, (SAMPLES, columns)), axis=0)
    return np.abs((walk + 30) % 60 - 30).astype(np.float64)


def drawn(labels: list[Label], config: SamplingConfig) -> np.ndarray:
    parts = np.array([[0, SAMPLES]])
    pairs = PairSampler.build(parts, left=0, right=1, labels=[labels], config=config, seed=0)
    return pairs.draw(0, DRAWS).rows.view(3, DRAWS).numpy()


def seeded(distribution: Any) -> Any:
    """cebra's generators ignore their seed argument."""
    np.random.seed(0)
    torch.manual_seed(0)
    distribution.generator.manual_seed(1)
    return distribution


def same_distribution(mine: np.ndarray, other: np.ndarray) -> float:
    """p of a chi-square test that two samples of category numbers have one distribution."""
    counts = np.stack(
        [np.bincount(x, minlength=max(mine.max(), other.max()) + 1) for x in (mine, other)]
    )
    counts = counts[:, counts.sum(0) >= 20]
    return float(stats.chi2_contingency(counts).pvalue)


def assert_same_rows(mine: np.ndarray, other: np.ndarray) -> None:
    for a, b in zip(mine, other, strict=True):
        assert stats.ks_2samp(a, b).pvalue > 1e-3
        assert same_distribution(a // 50, b // 50) > 1e-3


def test_discrete_pairs_of_a_uniform_prior() -> None:
    codes = np.random.default_rng(0).choice(4, SAMPLES, p=[0.05, 0.15, 0.3, 0.5])
    theirs = seeded(cebra.distributions.DiscreteUniform(torch.from_numpy(codes)))
    rows = theirs.sample_prior(2 * DRAWS).numpy()
    positive = theirs.sample_conditional(torch.from_numpy(codes)[rows[:DRAWS]]).numpy()
    mine = drawn([Label.discrete(codes)], sampling(conditional="discrete", prior="uniform"))
    assert_same_rows(mine, np.stack([rows[:DRAWS], positive, rows[DRAWS:]]))
    assert same_distribution(codes[mine[0]], codes[rows[:DRAWS]]) > 1e-3
    empirical = drawn([Label.discrete(codes)], sampling(conditional="discrete"))
    assert (
        same_distribution(codes[empirical[0]], codes[rows[:DRAWS]]) < 1e-3
    )  # the comparison can tell


def test_mixed_pairs() -> None:
    labels, codes = smooth(2), np.random.default_rng(0).choice(3, SAMPLES, p=[0.1, 0.3, 0.6])
    theirs = seeded(
        cebra.distributions.MixedTimeDeltaDistribution(
            torch.from_numpy(codes), torch.from_numpy(labels).float(), OFFSET
        )
    )
    reference, negative = theirs.sample_prior(DRAWS), theirs.sample_prior(DRAWS)
    positive = torch.cat([theirs.sample_conditional(part) for part in reference.split(2000)])
    other = torch.stack([reference, positive, negative]).numpy()
    config = sampling(conditional="mixed", time_offset=OFFSET)
    mine = drawn([Label.discrete(codes), Label.continuous(labels)], config)
    assert_same_rows(mine, other)

    def joint(rows: np.ndarray) -> np.ndarray:
        coarse = (labels // 6).astype(int) @ (1, 6)
        return (codes[rows[0]] * 36 + coarse[rows[0]]) * 36 + coarse[rows[1]]

    assert same_distribution(joint(mine), joint(other)) > 1e-3
    assert (codes[other[0]] == codes[other[1]]).all()
    assert (codes[mine[0]] == codes[mine[1]]).all()


def across(labels: list[list[Label]], **section: Any) -> tuple[np.ndarray, np.ndarray]:
    """(S, B) references and (S * B,) positives as numbers over all sessions, each beside its
    reference.
    """
    sources = [Source(np.array([[0, SAMPLES]]), 0, 1, str(at)) for at in range(len(labels))]
    found = AcrossSampler(sources, labels, sampling(positives="across", **section), 0).draw(
        0, DRAWS
    )
    starts = SAMPLES * np.arange(len(labels))[:, None]
    reference = torch.stack([one.reference for one in found.sessions]).numpy() + starts
    positive = torch.stack([one.positive[0] for one in found.sessions]).numpy() + starts
    return reference.reshape(-1), positive.reshape(-1)[found.partner.numpy()]


def theirs_across(sampler: Any) -> tuple[np.ndarray, np.ndarray]:
    np.random.seed(0)
    torch.manual_seed(0)
    starts, references, positives = SAMPLES * np.arange(sampler.num_sessions)[:, None], [], []
    for _ in range(DRAWS // 1000):
        reference = sampler.sample_prior(1000)
        positive, _, back = sampler.sample_conditional(reference)
        references.append((reference + starts).reshape(-1))
        positives.append((positive + starts).reshape(-1)[np.asarray(back)])
    return np.concatenate(references), np.concatenate(positives)


def fake(**index: list[torch.Tensor]) -> Any:
    """What cebra's samplers read of a collection of sessions."""
    (name, of), count = next(iter(index.items())), len(next(iter(index.values())))
    sessions = [SimpleNamespace(**{name: one}) for one in of]
    return SimpleNamespace(
        **{name: torch.cat(of)},
        session_lengths=[SAMPLES] * count,
        iter_sessions=lambda: iter(sessions),
    )


def assert_same_pairs(
    mine: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> None:
    for a, b in zip(mine, other, strict=True):
        assert same_distribution(a // 50, b // 50) > 1e-3
    sessions = [
        (reference // SAMPLES) * 3 + positive // SAMPLES for reference, positive in (mine, other)
    ]
    assert same_distribution(*sessions) > 1e-3


def test_pairs_across_sessions_by_label() -> None:
    labels = [smooth(1, seed) for seed in range(3)]
    theirs = cebra.distributions.MultisessionSampler(
        fake(continuous_index=[torch.from_numpy(of).float() for of in labels]), OFFSET
    )
    mine = across(
        [[Label.continuous(of)] for of in labels], conditional="time_delta", time_offset=OFFSET
    )
    other = theirs_across(theirs)
    assert_same_pairs(mine, other)
    values = np.concatenate(labels)[:, 0]
    coarse = (values // 3).astype(int)
    joint = [coarse[reference] * 11 + coarse[positive] for reference, positive in (mine, other)]
    assert same_distribution(*joint) > 1e-3


def test_pairs_across_sessions_by_class() -> None:
    random = np.random.default_rng(0)
    codes = [
        random.choice(3, SAMPLES, p=p) for p in ([0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8])
    ]
    theirs = cebra.distributions.DiscreteMultisessionSampler(
        fake(discrete_index=[torch.from_numpy(of) for of in codes])
    )
    mine = across([[Label.discrete(of)] for of in codes], conditional="discrete")
    assert_same_pairs(mine, theirs_across(theirs))
    whole = np.concatenate(codes)
    assert (whole[mine[0]] == whole[mine[1]]).all()
