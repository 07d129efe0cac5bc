"""The hand-differentiated step against autograd through the readable encoder and loss."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from raylab.config import InfoNCEConfig, LinearEncoderConfig, OffsetEncoderConfig
from raylab.data.shard import whole_shard
from raylab.models.encoders import Encoder, build_encoder
from raylab.models.fused import FusedLoss
from raylab.models.losses import InfoNCE
from raylab.tasks.contrastive import ContrastiveModel
from raylab.training.loop import Training
from tests.unit.helpers import dataset, session, trial

KINDS = ("linear", "offset1", "offset5", "offset10", "offset36")
SIMILARITIES = ("cosine", "euclidean")


def make(
    kind: str, similarity: str = "cosine", *, units: int = 7, learnable: bool = False, temperature: float = 0.5
) -> tuple[Encoder, InfoNCE]:
    linear = LinearEncoderConfig(kind="linear", receptive_field=3)
    config = linear if kind == "linear" else OffsetEncoderConfig(kind=kind, hidden_units=6)
    encoder = build_encoder(config, units=units, output_dimension=3, normalize=similarity == "cosine")
    return encoder, InfoNCE(
        InfoNCEConfig(similarity=similarity, temperature=temperature, learnable_temperature=learnable)
    )


def draw(encoder: Encoder, batch: int, units: int = 7) -> tuple[Tensor, Tensor]:
    """A recording and the first rows of the 3 * batch windows of a step."""
    x = torch.randn(encoder.width + 20, units)
    return x, torch.randint(0, len(x) - encoder.width + 1, (3 * batch,))


def by_autograd(encoder: Encoder, criterion: InfoNCE, x: Tensor, first: Tensor) -> list[Tensor]:
    """The loss and the gradient of every parameter."""
    loss = criterion(*encoder(x[first[:, None] + torch.arange(encoder.width)]).chunk(3))
    return [loss.detach(), *torch.autograd.grad(loss, [*encoder.parameters(), *criterion.parameters()])]


def by_hand(fused: FusedLoss, x: Tensor, first: Tensor, *, recording: bool = False) -> list[Tensor]:
    loss = fused.of_recording(x, first) if recording else fused.of_windows(fused.windows(x, first))
    return [loss.detach(), *torch.autograd.grad(loss, [*fused.encoder.parameters(), *fused.criterion.parameters()])]


def assert_as_autograd(fused: FusedLoss, x: Tensor, first: Tensor, *, recording: bool = False) -> None:
    """Equal to autograd to 1e-5, of the largest gradient where that is above 1. Where float32 has no such precision
    (long embeddings, gradients that cancel), to a few times autograd's own distance from float64."""
    found = by_hand(fused, x, first, recording=recording)
    expected = by_autograd(fused.encoder, fused.criterion, x, first)
    exact = by_autograd(deepcopy(fused.encoder).double(), deepcopy(fused.criterion).double(), x.double(), first)
    rounding = max(float((a - b).abs().max()) for a, b in zip(expected, exact))
    tolerance = max(1e-5, 1e-5 * max(float(b.abs().max()) for b in exact), 8 * rounding)
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        torch.testing.assert_close(mine, other, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("learnable", [False, True])
@pytest.mark.parametrize("recording", [False, True])
@settings(max_examples=8, deadline=None)
@given(
    batch=st.integers(1, 70),
    units=st.integers(1, 9),
    temperature=st.sampled_from([0.3, 1.0, 5.0]),
    seed=st.integers(0, 99),
)
def test_loss_and_gradients(
    kind: str, similarity: str, learnable: bool, recording: bool, batch: int, units: int, temperature: float, seed: int
) -> None:
    torch.manual_seed(seed)
    encoder, criterion = make(kind, similarity, units=units, learnable=learnable, temperature=temperature)
    x, first = draw(encoder, batch, units)
    assert_as_autograd(FusedLoss(encoder, criterion), x, first, recording=recording)


@pytest.mark.parametrize("kind", KINDS)
def test_more_reference_rows_than_a_tile(kind: str) -> None:
    torch.manual_seed(0)
    encoder, criterion = make(kind, temperature=0.1)
    x, first = draw(encoder, 300)
    assert_as_autograd(FusedLoss(encoder, criterion), x, first)


@pytest.mark.parametrize("field", [1, 2, 5])
def test_linear_encoder_of_any_width(field: int) -> None:
    encoder = build_encoder(LinearEncoderConfig(kind="linear", receptive_field=field), units=4, output_dimension=2)
    criterion = InfoNCE(InfoNCEConfig())
    x, first = draw(encoder, 9, 4)
    assert_as_autograd(FusedLoss(encoder, criterion), x, first)


@pytest.mark.parametrize("kind", KINDS)
def test_one_instance_serves_step_after_step(kind: str) -> None:
    """Other batches, sizes and parameters in between leave no trace; equal calls give equal bits."""
    encoder, criterion = make(kind, learnable=True)
    fused = FusedLoss(encoder, criterion)
    x, first = draw(encoder, 8)
    before = by_hand(fused, x, first)
    for batch in (8, 3):
        by_hand(fused, *draw(encoder, batch), recording=batch == 3)
    with torch.no_grad():
        next(encoder.parameters()).mul_(2)
    assert_as_autograd(fused, x, first)
    with torch.no_grad():
        next(encoder.parameters()).div_(2)
    for mine, other in zip(by_hand(fused, x, first), before, strict=True):
        assert torch.equal(mine, other)


def test_gradients_belong_to_their_pass() -> None:
    """Two passes before one backward, each with a weight of its own."""
    encoder, criterion = make("offset5")
    fused, (x, first), (y, second) = FusedLoss(encoder, criterion), draw(encoder, 6), draw(encoder, 6)
    total = 0.3 * fused.of_windows(fused.windows(x, first)) + 2 * fused.of_windows(fused.windows(y, second))
    pairs = zip(by_autograd(encoder, criterion, x, first), by_autograd(encoder, criterion, y, second))
    expected = [0.3 * a + 2 * b for a, b in pairs]
    found = [total.detach(), *torch.autograd.grad(total, fused.parameters)]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_extreme_inputs_stay_finite(similarity: str) -> None:
    encoder, criterion = make("offset1", similarity, temperature=0.01)
    x, first = draw(encoder, 6)
    with torch.no_grad():
        for p in encoder.parameters():
            p[...] = 0 if p.dim() == 1 else p  # no bias, so that a silent window is a zero vector
    x[first[:4]] = 0
    fused = FusedLoss(encoder, criterion)
    assert all(torch.isfinite(value).all() for value in by_hand(fused, x, first))
    assert_as_autograd(fused, x, first)


def test_temperature_below_its_floor_has_no_gradient() -> None:
    encoder, criterion = make("linear", learnable=True)
    x, first = draw(encoder, 6)
    assert criterion.log_inverse_temperature is not None
    torch.nn.init.constant_(criterion.log_inverse_temperature, criterion.ceiling + 1)
    fused = FusedLoss(encoder, criterion)
    assert float(by_hand(fused, x, first)[-1]) == 0
    assert_as_autograd(fused, x, first)


def test_frozen_parameters_get_no_gradient() -> None:
    encoder, criterion = make("offset5")
    weight = next(encoder.parameters()).requires_grad_(False)
    x, first = draw(encoder, 6)
    fused = FusedLoss(encoder, criterion)
    fused.of_windows(fused.windows(x, first)).backward()
    assert weight.grad is None
    assert all(p.grad is not None for p in encoder.parameters() if p is not weight)


def test_work_decides_between_windows_and_recording() -> None:
    fused = FusedLoss(*make("offset36"))
    assert fused.prefers_recording(400, 3 * 64)
    assert not fused.prefers_recording(40_000, 3 * 64)


# -- within a trial --------------------------------------------------------------------------------------------


def trained(folder: Path, monkeypatch: pytest.MonkeyPatch, *, fused: bool, **sections: dict) -> Training:
    if not fused:
        monkeypatch.setattr(FusedLoss, "supports", staticmethod(lambda encoder: False))
    data = dataset(folder, session("a", units=6), session("b", units=4, seed=1))
    config = trial(**sections)
    training = Training(config, data, whole_shard(data, config.view))
    training.advance()
    monkeypatch.undo()
    return training


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["offset1", "offset10"])
def test_trials_take_the_same_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, dropout: float) -> None:
    """Five steps over two sessions, dropout drawn alike on both ways."""
    sections = {
        "model": {"encoder": {"kind": kind, "hidden_units": 8}},
        "augmentation": {"unit_dropout": dropout},
        "loss": {"learnable_temperature": True},
    }
    one, other = (trained(tmp_path / str(fused), monkeypatch, fused=fused, **sections) for fused in (True, False))
    assert isinstance(one.model, ContrastiveModel)
    assert isinstance(other.model, ContrastiveModel)
    assert (len(one.model._fused), len(other.model._fused)) == (2, 0)
    for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4)  # Adam divides by the gradient's size


def test_checkpoint_goes_on_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tmp_path / "a", monkeypatch, fused=True)
    whole.save(tmp_path / "checkpoint")
    resumed = Training(whole.config, whole.dataset, whole.shard)
    resumed.load(tmp_path / "checkpoint")
    assert whole.advance() == resumed.advance()
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.grad is not None
