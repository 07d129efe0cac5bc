"""InfoNCE and its focal form: their definitions, their extremes, and bits."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from raylab.config.losses import FocalInfoNCEConfig, InfoNCEConfig
from raylab.models.losses import InfoNCE, bits, build_loss, value_and_gradients


def rows(count: int, seed: int, dimension: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(
        torch.randn(count, dimension, generator=generator, dtype=torch.float64)
    )


def by_definition(
    reference: Tensor,
    positive: Tensor,
    negative: Tensor,
    config: InfoNCEConfig | FocalInfoNCEConfig,
) -> Tensor:
    def phi(x: Tensor, y: Tensor) -> Tensor:
        closeness = (x * y).sum(-1) if config.similarity == "cosine" else -(x - y).square().sum(-1)
        return closeness / config.temperature

    pushes = phi(reference[:, None], negative[None])
    return -phi(reference, positive) + pushes.exp().sum(1).log()


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("learnable", [False, True])
@pytest.mark.parametrize("negatives", [1, 6, 40])
def test_definition_with_any_number_of_negatives(
    similarity: str, learnable: bool, negatives: int
) -> None:
    config = InfoNCEConfig(similarity=similarity, temperature=0.4, learnable_temperature=learnable)
    batch = rows(6, 0), 2 * rows(6, 1), 3 * rows(negatives, 2)
    loss = InfoNCE(config).double()
    expected = by_definition(*batch, config)
    torch.testing.assert_close(loss.per_row(*batch), expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(loss(*batch), expected.mean(), rtol=1e-6, atol=1e-6)


def test_rows_can_be_shared_between_workers() -> None:
    loss, (reference, positive, negative) = (
        InfoNCE(InfoNCEConfig()),
        (rows(8, 0), rows(8, 1), rows(8, 2)),
    )
    shares = [
        loss.per_row(reference[part], positive[part], negative)
        for part in (slice(0, 3), slice(3, 8))
    ]
    torch.testing.assert_close(torch.cat(shares).mean(), loss(reference, positive, negative))


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
def test_stable_at_small_temperature(similarity: str) -> None:
    loss = InfoNCE(InfoNCEConfig(similarity=similarity, temperature=0.01))
    reference = rows(64, 0).float().requires_grad_()
    value = loss(reference, rows(64, 1).float(), rows(64, 2).float())
    value.backward()
    assert torch.isfinite(value)
    assert reference.grad is not None
    assert torch.isfinite(reference.grad).all()


def test_temperature_is_reported_and_trained() -> None:
    fixed, learnable = (
        InfoNCEConfig(temperature=0.3),
        InfoNCEConfig(temperature=0.3, learnable_temperature=True),
    )
    assert InfoNCE(fixed).temperature == pytest.approx(0.3)
    assert list(InfoNCE(fixed).parameters()) == []
    loss = InfoNCE(learnable)
    optimizer = torch.optim.SGD(loss.parameters(), lr=0.1)
    loss(rows(8, 0).float(), rows(8, 1).float(), rows(8, 2).float()).backward()
    optimizer.step()
    assert loss.temperature != pytest.approx(0.3)


def test_learnable_temperature_stops_at_its_floor() -> None:
    config = InfoNCEConfig(temperature=0.1, learnable_temperature=True, min_temperature=0.1)
    loss = InfoNCE(config)
    assert loss.log_inverse_temperature is not None
    loss(rows(8, 0).float(), rows(8, 1).float(), rows(8, 2).float()).backward()
    assert loss.log_inverse_temperature.grad is not None
    assert loss.log_inverse_temperature.grad != 0  # at the floor it may still rise
    with torch.no_grad():
        loss.log_inverse_temperature.add_(1.0)
    assert loss.temperature == pytest.approx(0.1)


def test_learnable_temperature_below_its_floor_is_refused() -> None:
    with pytest.raises(ValueError, match="min_temperature"):
        InfoNCEConfig(temperature=0.01, learnable_temperature=True, min_temperature=0.05)


def test_bits() -> None:
    assert bits(math.log(512), 512) == pytest.approx(0)
    assert bits(math.log(512) - math.log(2), 512) == pytest.approx(1)
    collapsed = torch.ones(16, 3) / math.sqrt(3)
    loss = InfoNCE(InfoNCEConfig(temperature=0.1))(collapsed, collapsed, collapsed)
    assert bits(float(loss), 16) == pytest.approx(0, abs=1e-5)


# -- focal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_by_its_formula(similarity: str, gamma: float) -> None:
    """(1 - p)^gamma on InfoNCE, p the share of the positive among positive and negatives."""
    config = FocalInfoNCEConfig(kind="focal", similarity=similarity, temperature=0.4, gamma=gamma)
    batch = rows(6, 0), rows(6, 1), rows(9, 2)
    infonce = by_definition(*batch, config)
    closeness = (
        (batch[0] * batch[1]).sum(1)
        if similarity == "cosine"
        else -(batch[0] - batch[1]).square().sum(1)
    )
    pull = (closeness / config.temperature).exp()
    expected = (1 - pull / (pull + infonce.exp() * pull)) ** gamma * infonce
    loss = build_loss(config).double()
    torch.testing.assert_close(loss.per_row(*batch), expected)
    torch.testing.assert_close(loss.infonce(*batch), infonce)


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
def test_focal_without_focus_is_infonce(similarity: str) -> None:
    config = InfoNCEConfig(similarity=similarity, temperature=0.05)
    focal = FocalInfoNCEConfig(kind="focal", gamma=0, similarity=similarity, temperature=0.05)
    found = []
    for loss in (build_loss(config), build_loss(focal)):
        batch = [
            x.float().requires_grad_()
            for x in (rows(64, 0), rows(64, 0) + 0.1 * rows(64, 1), rows(30, 2))
        ]
        value = loss(*batch)
        found.append([value, *torch.autograd.grad(value, batch)])
    for mine, other in zip(*found, strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_gradients(similarity: str, gamma: float) -> None:
    """Autograd against finite differences, and the closed form against autograd, in float64."""
    named = {"similarity": similarity, "temperature": 0.3, "learnable_temperature": True}
    loss = build_loss(FocalInfoNCEConfig(kind="focal", gamma=gamma, **named)).double()
    near = rows(5, 0) + 0.2 * rows(5, 1)  # some positives are told apart, where InfoNCE is below 0
    batch = [x.requires_grad_() for x in (rows(5, 0), near, rows(7, 2))]
    assert float(loss.infonce(*batch).detach().min()) < 0
    assert torch.autograd.gradcheck(loss, batch)
    value = loss(*batch)
    expected = torch.autograd.grad(value, [*batch, *loss.parameters()])
    with torch.no_grad():
        found, gradients, learnt = value_and_gradients(loss, *batch)
    for mine, other in zip((found, *gradients, *learnt), (value, *expected), strict=True):
        torch.testing.assert_close(mine, other.detach())


def test_focus_is_on_what_is_not_told_apart() -> None:
    """The weight of an easy reference falls; very hard ones keep theirs."""
    loss = build_loss(FocalInfoNCEConfig(kind="focal", gamma=2))
    infonce = torch.tensor([0.1, 1.0, 3.0, 12.0])
    weighed = loss.reweighted(infonce)
    assert weighed is not None
    share = weighed[0] / infonce
    assert (share.diff() > 0).all()
    assert float(share[0]) < 0.3
    assert float(share[-1]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("gamma", [-0.1, 10.5, float("nan")])
def test_bounds_of_gamma(gamma: float) -> None:
    with pytest.raises(ValueError, match="gamma"):
        FocalInfoNCEConfig(kind="focal", gamma=gamma)
