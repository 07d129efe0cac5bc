"""Encoders, losses and pairs against cebra 0.6.1 itself."""

from __future__ import annotations

import cebra.distributions
import cebra.models
import numpy as np
import pytest
import torch
from cebra.integrations.sklearn.metrics import infonce_to_goodness_of_fit
from cebra.models import criterions, projector
from scipy import stats

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.encoders import ContrastiveModelConfig, ProjectorEncoderConfig
from raylab.config.losses import InfoNCEConfig
from raylab.config.parse import parse
from raylab.config.sampling import TimeSampling, sampling_section
from raylab.data.session import Label
from raylab.interop.architectures import ARCHITECTURES
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.models.fast.contrastive_step import FusedEncoder, fused_loss
from raylab.models.losses import InfoNCE, bits
from raylab.models.objectives import Layout, Objectives
from raylab.sampling.contrastive import PairSampler
from raylab.sampling.neighbours import Neighbours


@pytest.fixture(autouse=True)
def _same_each_time() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


KINDS = ("offset1", "offset5", "offset10", "offset36")
each_kind = pytest.mark.parametrize("kind", KINDS)
each_architecture = pytest.mark.parametrize("name", ARCHITECTURES)
each_precision = pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float32, 1e-5), (torch.float64, 1e-6)],
    ids=["float32", "float64"],
)


def our_encoder(
    name: str, *, normalize: bool | None = None, units: int = 40, hidden: int = 32
) -> Encoder:
    """raylab's encoder of one of cebra's architectures."""
    known = ARCHITECTURES[name]
    config = parse(ContrastiveModelConfig, {"encoder": known.encoder(hidden)}, name)
    normalize = known.normalized if normalize is None else normalize
    return build_encoder(config.encoder, units=units, output_dimension=8, normalize=normalize)


def both_encoders(
    name: str, dtype: torch.dtype, *, normalize: bool | None = None
) -> tuple[Encoder, torch.nn.Module]:
    """raylab's encoder with the weights of cebra's, without dropout. Their normalisation: what the
    name says, or as told, which the estimator cannot do.
    """
    told = {} if normalize is None else {"normalize": normalize}
    theirs = cebra.models.init(name, num_neurons=40, num_units=32, num_output=8, **told)
    ours = our_encoder(name, normalize=normalize)
    ours.load_state_dict(theirs.state_dict())
    return ours.to(dtype).eval(), theirs.to(dtype).eval()


# -- encoders --------------------------------------------------------------------------------------


def test_every_encoder_of_cebra_is_known_or_named_here() -> None:
    """Left out: deeper, residual, clipped and tanh variants of the perceptron on single samples,
    classifiers, and the projector, which has its own test below.
    """
    left_out = [name for name in cebra.models.get_options() if name not in ARCHITECTURES]
    others = (
        "offset1-model-v",
        "offset1-model-mse-",
        "offset10-model-mse-tanh",
        "supervised",
        "resample",
        "offset10-projector",
    )
    assert [name for name in left_out if not name.startswith(others)] == []
    assert set(ARCHITECTURES) <= set(cebra.models.get_options())


@each_architecture
@each_precision
@pytest.mark.parametrize("normalize", [True, False])
def test_encoder_output_and_gradient(
    name: str, dtype: torch.dtype, tolerance: float, normalize: bool
) -> None:
    ours, theirs = both_encoders(name, dtype, normalize=normalize)
    windows = torch.randn(33, ours.width, 40, dtype=dtype)
    weights = torch.randn(33, 8, dtype=dtype)
    for module, x in ((ours, windows), (theirs, windows.transpose(1, 2))):
        (module(x) * weights).mean().backward()
    torch.testing.assert_close(
        ours(windows), theirs(windows.transpose(1, 2)), rtol=0, atol=tolerance
    )
    for (key, mine), (_, other) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        torch.testing.assert_close(mine.grad, other.grad, rtol=0, atol=tolerance, msg=key)


@each_architecture
def test_receptive_field_and_initial_weights(name: str) -> None:
    torch.manual_seed(3)
    ours = our_encoder(name)
    torch.manual_seed(3)
    theirs = cebra.models.init(name, num_neurons=40, num_units=32, num_output=8)
    assert (ours.left, ours.right) == (theirs.get_offset().left, theirs.get_offset().right)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        # cebra makes the second layer of this one first
        assert mine.shape == other.shape if name.endswith("1layers") else torch.equal(mine, other)


@each_architecture
@each_precision
def test_sequence_equals_cebras_transform(name: str, dtype: torch.dtype, tolerance: float) -> None:
    """Of a subsampling encoder: every fourth row. The perceptron behind `offset4` cebra cannot
    apply to a stretch.
    """
    ours, theirs = both_encoders(name, dtype)
    x = torch.randn(200, 40, dtype=dtype)
    if isinstance(theirs, cebra.models.ConvolutionalModelMixin):
        expected = theirs(x.T[None])[0].T
    else:
        expected = theirs(x.unfold(0, ours.width, 1)) if ours.width > 1 else theirs(x)
    step = getattr(theirs, "resample_factor", 1) if ours.width > 4 else 1
    torch.testing.assert_close(ours.sequence(x)[::step], expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "name", [name for name, known in ARCHITECTURES.items() if "dropout" in known.further]
)
def test_dropout_of_training(name: str) -> None:
    """The same layers in the same order draw the same channels from one seed."""
    ours, theirs = (module.train() for module in both_encoders(name, torch.float32))
    windows = torch.randn(33, ours.width, 40)
    found = []
    for module, x in ((ours, windows), (theirs, windows.transpose(1, 2))):
        torch.manual_seed(0)
        found.append(module(x))
    torch.testing.assert_close(*found, rtol=0, atol=1e-5)


@each_precision
def test_projector_from_the_layers_of_cebra(dtype: torch.dtype, tolerance: float) -> None:
    """cebra's projector fails as it is; with residual blocks that do not crop hidden units its
    layers give ours.
    """
    with pytest.raises(TypeError):
        projector.MultisessionProjectorModel([40], 32, 8)
    with pytest.raises(RuntimeError):
        projector.PointwiseProjector(8, 8)(torch.randn(3, 8))
    config = ProjectorEncoderConfig(kind="offset10_projector", projector_units=5)
    ours = build_encoder(config, units=40, output_dimension=8).to(dtype)
    features = projector.FeatureExtractor(40, 32, 8).to(dtype)
    theirs = projector.PointwiseProjector(8, 5).to(dtype)
    theirs.net[1].crop = theirs.net[2].crop = slice(None)
    ours.net.load_state_dict(features.state_dict())
    ours.projector.load_state_dict(theirs.state_dict())
    windows = torch.randn(33, 10, 40, dtype=dtype)
    expected = theirs(features(windows.transpose(1, 2)))
    torch.testing.assert_close(ours(windows), expected, rtol=0, atol=tolerance)


# -- losses ----------------------------------------------------------------------------------------

CRITERIONS = {
    ("cosine", False): criterions.FixedCosineInfoNCE,
    ("cosine", True): criterions.LearnableCosineInfoNCE,
    ("euclidean", False): criterions.FixedEuclideanInfoNCE,
    ("euclidean", True): criterions.LearnableEuclideanInfoNCE,
}


@pytest.mark.parametrize(("similarity", "learnable"), CRITERIONS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("negatives", [64, 200])
def test_loss_value_and_gradient(
    similarity: str, learnable: bool, temperature: float, negatives: int
) -> None:
    config = InfoNCEConfig(
        similarity=similarity, temperature=temperature, learnable_temperature=learnable
    )
    floor = {"min_temperature": config.min_temperature} if learnable else {}
    ours, theirs = (
        InfoNCE(config),
        CRITERIONS[similarity, learnable](temperature=temperature, **floor),
    )
    found = []
    for loss in (ours, theirs):
        torch.manual_seed(0)
        raw = [torch.randn(count, 8) for count in (64, 64, negatives)]
        batch = [(x / x.norm(dim=1, keepdim=True)).requires_grad_() for x in raw]
        value = loss(*batch)
        value = value if loss is ours else value[0]
        value.backward()
        found.append(
            [value.detach(), *(x.grad for x in batch), *(p.grad for p in loss.parameters())]
        )
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)
    assert ours.temperature == pytest.approx(float(theirs.temperature))


@each_kind
@pytest.mark.parametrize(("similarity", "learnable"), CRITERIONS)
@pytest.mark.parametrize("path", ["readable", "by hand"])
def test_step_value_and_gradients(kind: str, similarity: str, learnable: bool, path: str) -> None:
    """One training step, encoder and loss together: the value and the gradient of every weight, to
    1e-5.
    """
    torch.manual_seed(1)
    ours, theirs = both_encoders(f"{kind}-model", torch.float32, normalize=similarity == "cosine")
    loss = InfoNCE(InfoNCEConfig(similarity=similarity, learnable_temperature=learnable))
    criterion = CRITERIONS[similarity, learnable](1.0, *([0.05] if learnable else []))
    x = torch.randn(400, 40)
    first = torch.randint(0, 400 - ours.width + 1, (3 * 128,))
    windows = x[first[:, None] + torch.arange(ours.width)]
    if path == "readable":
        value = loss(*ours(windows).chunk(3))
    else:
        fused = FusedEncoder(ours)
        seen = fused.of_windows(fused.windows(x, first))
        value = fused_loss([seen], Objectives(loss, TimeSampling()), Layout(128, 128))
    expected = criterion(*theirs(windows.transpose(1, 2)).chunk(3))[0]
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
    for total in (value, expected):
        total.backward()
    mine, other = (
        [*module.parameters(), *last.parameters()]
        for module, last in ((ours, loss), (theirs, criterion))
    )
    for a, b in zip(mine, other, strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-5, atol=1e-5)


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
    ours, theirs = both_encoders(f"{kind}-model", torch.float32)
    pairs = PairSampler.build(
        np.array([[0, 600]]),
        left=ours.left,
        right=ours.right,
        labels=[[]],
        config=TimeSampling(),
        seed=0,
    )
    loss, criterion = InfoNCE(InfoNCEConfig(temperature=0.5)), criterions.FixedCosineInfoNCE(0.5)
    mine, other = (torch.optim.Adam(m.parameters(), lr=3e-4) for m in (ours, theirs))
    offset = torch.arange(-ours.left, ours.right)
    for step in range(30):
        rows = pairs.draw(step, 64).rows.view(3, 64)
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


# -- pairs: the same distributions -----------------------------------------------------------------

SAMPLES, DRAWS, OFFSET = 3000, 20_000, 5


def smooth(columns: int, seed: int = 0) -> np.ndarray:
    """(T, columns) whole-numbered random walks in 0 .. 30, where cebra's float32 search is
    exact.
    """
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.integers(-1, 2, (SAMPLES, columns)), axis=0)
    return np.abs((walk + 30) % 60 - 30).astype(np.float64)


def draw_ours(conditional: str, labels: list[Label], *, time_offset: int = OFFSET) -> np.ndarray:
    section = sampling_section(conditional=conditional, time_offset=time_offset, delta=1.7)
    config = ContrastiveTrial.model_validate({"sampling": section}).sampling
    parts = np.array([[0, SAMPLES]])
    pairs = PairSampler.build(parts, left=0, right=1, labels=[labels], config=config, seed=0)
    return pairs.draw(0, DRAWS).rows.view(3, DRAWS).numpy()


def draw_theirs(distribution: object, *, by_class: torch.Tensor | None = None) -> np.ndarray:
    """Rows as cebra's loaders draw them. Its generators ignore their seed argument, so it is set
    here: two seeds, or references and label changes would be one stream.
    """
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
    counts = np.stack(
        [np.bincount(x, minlength=max(mine.max(), other.max()) + 1) for x in (mine, other)]
    )
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
    other = draw_theirs(
        cebra.distributions.TimeContrastive(time_offset=OFFSET, num_samples=SAMPLES)
    )
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
    assert (
        same_distribution(
            codes[mine[1]] * 60 + mine[1] // 50, codes[other[1]] * 60 + other[1] // 50
        )
        > 1e-3
    )


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
