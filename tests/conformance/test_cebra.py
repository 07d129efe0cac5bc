"""Encoders, losses and pairs against cebra 0.6.1 itself."""

from __future__ import annotations

import cebra.distributions
import cebra.models
import numpy as np
import pytest
import torch
from cebra.integrations.sklearn.metrics import infonce_to_goodness_of_fit
from cebra.models import criterions
from scipy import stats

from raylab.config import ContrastiveSamplingConfig, InfoNCEConfig, OffsetEncoderConfig
from raylab.data.session import Label
from raylab.models.encoders import Encoder, build_encoder
from raylab.models.losses import InfoNCE, bits
from raylab.sampling.contrastive import PairSampler
from raylab.sampling.neighbours import Neighbours

KINDS = ("offset1", "offset5", "offset10", "offset36")
each_kind = pytest.mark.parametrize("kind", KINDS)
each_precision = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-6)], ids=["float32", "float64"]
)


def both_encoders(
    kind: str, dtype: torch.dtype, *, normalize: bool = True, units: int = 40
) -> tuple[Encoder, torch.nn.Module]:
    """raylab's encoder with the weights of cebra's."""
    ours = build_encoder(OffsetEncoderConfig(kind=kind), units=units, output_dimension=8, normalize=normalize)
    theirs = cebra.models.init(f"{kind}-model", units, 32, 8, normalize)
    ours.load_state_dict(theirs.state_dict())
    return ours.to(dtype), theirs.to(dtype)


# -- encoders ------------------------------------------------------------------------------------------------


@each_kind
@each_precision
@pytest.mark.parametrize("normalize", [True, False])
def test_encoder_output_and_gradient(kind: str, dtype: torch.dtype, tolerance: float, normalize: bool) -> None:
    ours, theirs = both_encoders(kind, dtype, normalize=normalize)
    windows = torch.randn(33, ours.width, 40, dtype=dtype)
    weights = torch.randn(33, 8, dtype=dtype)
    for module, x in ((ours, windows), (theirs, windows.transpose(1, 2))):
        (module(x) * weights).mean().backward()
    torch.testing.assert_close(ours(windows), theirs(windows.transpose(1, 2)), rtol=0, atol=tolerance)
    for (name, mine), (_, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=0, atol=tolerance, msg=name)


@each_kind
def test_receptive_field_and_initial_weights(kind: str) -> None:
    torch.manual_seed(3)
    ours = build_encoder(OffsetEncoderConfig(kind=kind), units=40, output_dimension=8, normalize=True)
    torch.manual_seed(3)
    theirs = cebra.models.init(f"{kind}-model", 40, 32, 8, True)
    assert (ours.left, ours.right) == (theirs.get_offset().left, theirs.get_offset().right)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)


@each_kind
@each_precision
def test_sequence_equals_fully_convolutional_transform(kind: str, dtype: torch.dtype, tolerance: float) -> None:
    ours, theirs = both_encoders(kind, dtype)
    x = torch.randn(200, 40, dtype=dtype)
    expected = theirs(x) if kind == "offset1" else theirs(x.T[None])[0].T
    torch.testing.assert_close(ours.sequence(x), expected, rtol=0, atol=tolerance)


# -- losses --------------------------------------------------------------------------------------------------

CRITERIONS = {
    ("cosine", False): criterions.FixedCosineInfoNCE,
    ("cosine", True): criterions.LearnableCosineInfoNCE,
    ("euclidean", False): criterions.FixedEuclideanInfoNCE,
    ("euclidean", True): criterions.LearnableEuclideanInfoNCE,
}


@pytest.mark.parametrize(("similarity", "learnable"), CRITERIONS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("negatives", [64, 200])
def test_loss_value_and_gradient(similarity: str, learnable: bool, temperature: float, negatives: int) -> None:
    config = InfoNCEConfig(similarity=similarity, temperature=temperature, learnable_temperature=learnable)
    floor = {"min_temperature": config.min_temperature} if learnable else {}
    ours, theirs = InfoNCE(config), CRITERIONS[similarity, learnable](temperature=temperature, **floor)
    found = []
    for loss in (ours, theirs):
        torch.manual_seed(0)
        raw = [torch.randn(count, 8) for count in (64, 64, negatives)]
        batch = [(x / x.norm(dim=1, keepdim=True)).requires_grad_() for x in raw]
        value = loss(*batch)
        value = value if loss is ours else value[0]
        value.backward()
        found.append([value.detach(), *(x.grad for x in batch), *(p.grad for p in loss.parameters())])
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)
    assert ours.temperature == pytest.approx(float(theirs.temperature))


def test_floor_of_a_learnable_temperature() -> None:
    config = InfoNCEConfig(temperature=0.3, learnable_temperature=True, min_temperature=0.2)
    ours, theirs = InfoNCE(config), criterions.LearnableCosineInfoNCE(0.3, 0.2)
    for shift in (-1.0, 0.2, 3.0):
        for loss in (ours, theirs):
            torch.nn.init.constant_(loss.log_inverse_temperature, -np.log(0.3) + shift)
        assert ours.temperature == pytest.approx(float(theirs.temperature))


def test_bits_are_the_goodness_of_fit() -> None:
    for loss, batch in ((5.9, 512), (-0.3, 64)):
        expected = infonce_to_goodness_of_fit(loss, batch_size=batch, num_sessions=1)
        assert bits(loss, batch) == pytest.approx(float(expected))


@pytest.mark.parametrize("kind", ["offset1", "offset10"])
def test_training_follows_the_same_path(kind: str) -> None:
    """30 Adam steps on the same rows: encoder, loss and gradients together."""
    torch.manual_seed(0)
    x = torch.poisson(torch.rand(600, 40) * 2)
    ours, theirs = both_encoders(kind, torch.float32)
    pairs = PairSampler.build(
        np.array([[0, 600]]),
        left=ours.left,
        right=ours.right,
        labels=[],
        config=ContrastiveSamplingConfig(),
        seed=0,
    )
    loss, criterion = InfoNCE(InfoNCEConfig(temperature=0.5)), criterions.FixedCosineInfoNCE(0.5)
    mine, other = (torch.optim.Adam(m.parameters(), lr=3e-4) for m in (ours, theirs))
    offset = torch.arange(-ours.left, ours.right)
    for step in range(30):
        rows = pairs.draw(step, 64)
        windows = x[rows[:, :, None] + offset]
        value = loss(*ours(windows.flatten(0, 1)).split(64))
        expected = criterion(*(theirs(part.transpose(1, 2)) for part in windows))[0]
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-5)
        for optimizer, total in ((mine, value), (other, expected)):
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4)


# -- pairs: the same distributions ---------------------------------------------------------------------------

SAMPLES, DRAWS, OFFSET = 3000, 20_000, 5


def smooth(columns: int, seed: int = 0) -> np.ndarray:
    """(T, columns) whole-numbered random walks in 0 .. 30, where cebra's float32 search is exact."""
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.integers(-1, 2, (SAMPLES, columns)), axis=0)
    return np.abs((walk + 30) % 60 - 30).astype(np.float64)


def draw_ours(conditional: str, labels: list[Label], *, time_offset: int = OFFSET) -> np.ndarray:
    config = ContrastiveSamplingConfig(conditional=conditional, time_offset=time_offset, delta=1.7)
    parts = np.array([[0, SAMPLES]])
    pairs = PairSampler.build(parts, left=0, right=1, labels=labels, config=config, seed=0)
    return pairs.draw(0, DRAWS).numpy()


def draw_theirs(distribution: object, *, by_class: torch.Tensor | None = None) -> np.ndarray:
    """Rows as cebra's loaders draw them. Its generators ignore their seed argument, so it is set here: two
    seeds, or references and label changes would be one stream."""
    np.random.seed(0)
    torch.manual_seed(0)
    distribution.generator.manual_seed(1)
    if hasattr(distribution, "prior"):
        distribution.prior.generator.manual_seed(2)
    rows = distribution.sample_prior(2 * DRAWS)
    reference, negative = rows[:DRAWS], rows[DRAWS:]
    given = reference if by_class is None else by_class[reference]
    return np.stack([reference, distribution.sample_conditional(given), negative])


def same_distribution(mine: np.ndarray, other: np.ndarray) -> float:
    """p of a chi-square test that two samples of category numbers have one distribution."""
    counts = np.stack([np.bincount(x, minlength=max(mine.max(), other.max()) + 1) for x in (mine, other)])
    counts = counts[:, counts.sum(0) >= 20]
    return float(stats.chi2_contingency(counts).pvalue)


def joint(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """One number per (label of reference, label of positive), labels coarsened to steps of 3."""
    coarse = (labels // 3).astype(int)
    code = coarse @ (11 ** np.arange(coarse.shape[1]))
    return code[rows[0]] * 11 ** coarse.shape[1] + code[rows[1]]


def assert_same_rows(mine: np.ndarray, other: np.ndarray) -> None:
    for a, b in zip(mine, other, strict=True):
        assert stats.ks_2samp(a, b).pvalue > 1e-3
        assert same_distribution(a // 50, b // 50) > 1e-3


def test_time_pairs() -> None:
    mine = draw_ours("time", [])
    other = draw_theirs(cebra.distributions.TimeContrastive(time_offset=OFFSET, num_samples=SAMPLES))
    assert_same_rows(mine, other)
    assert np.array_equal(mine[1] - mine[0], other[1] - other[0])


@pytest.mark.parametrize("columns", [1, 2])
def test_time_delta_pairs(columns: int) -> None:
    labels = smooth(columns)
    theirs = cebra.distributions.TimedeltaDistribution(torch.from_numpy(labels).float(), OFFSET)
    mine, other = draw_ours("time_delta", [Label.continuous(labels)]), draw_theirs(theirs)
    assert_same_rows(mine, other)
    assert same_distribution(joint(mine, labels), joint(other, labels)) > 1e-3


@pytest.mark.parametrize("columns", [1, 2])
def test_delta_pairs(columns: int) -> None:
    labels = smooth(columns)
    theirs = cebra.distributions.DeltaNormalDistribution(torch.from_numpy(labels).float(), 1.7)
    mine, other = draw_ours("delta", [Label.continuous(labels)]), draw_theirs(theirs)
    assert_same_rows(mine, other)
    assert same_distribution(joint(mine, labels), joint(other, labels)) > 1e-3


def test_discrete_pairs() -> None:
    codes = np.random.default_rng(0).choice(4, SAMPLES, p=[0.1, 0.2, 0.3, 0.4])
    theirs = cebra.distributions.discrete.DiscreteEmpirical(torch.from_numpy(codes))
    mine = draw_ours("discrete", [Label.discrete(codes)])
    other = draw_theirs(theirs, by_class=torch.from_numpy(codes))
    assert_same_rows(mine, other)
    assert np.array_equal(codes[mine[0]], codes[mine[1]])
    assert same_distribution(codes[mine[1]] * 60 + mine[1] // 50, codes[other[1]] * 60 + other[1] // 50) > 1e-3


def test_the_comparison_can_tell() -> None:
    labels = smooth(1)
    theirs = cebra.distributions.TimedeltaDistribution(torch.from_numpy(labels).float(), OFFSET)
    mine = draw_ours("time_delta", [Label.continuous(labels)], time_offset=OFFSET + 2)
    assert same_distribution(joint(mine, labels), joint(draw_theirs(theirs), labels)) < 1e-3


def test_nearest_row_of_cebra_where_its_search_is_exact() -> None:
    labels = smooth(2)
    index = cebra.distributions.ContinuousIndex(torch.from_numpy(labels).float())
    query = smooth(2, seed=1)[:500] + 0.25
    found = Neighbours(labels, np.zeros(2))(query)
    assert np.array_equal(found, index.search(torch.from_numpy(query).float()).numpy())
