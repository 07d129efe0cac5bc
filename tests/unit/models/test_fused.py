"""The hand-differentiated step against autograd through the readable encoder and loss."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import dataset, session, trial
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.encoders import LinearEncoderConfig, OffsetEncoderConfig
from raylab.data.shard import whole_shard
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.models.fast import encoder_gradients as byhand
from raylab.models.fast.contrastive_step import (
    FusedEncoder,
    add_gradients,
    fused_embedding,
    fused_loss,
)
from raylab.models.losses import build_loss
from raylab.models.objectives import Layout, Objectives
from raylab.tasks.contrastive.model import ContrastiveModel
from raylab.training.loop import Training

KINDS = ("linear", "offset1", "offset5", "offset10", "offset36")
SIMILARITIES = ("cosine", "euclidean")
TWO = {
    "near": {"conditional": "delta", "dimensions": [0, 2]},
    "time": {"conditional": "time", "weight": 0.3},
}


@dataclass
class Step:
    """An encoder, what is minimised, and the sizes of a step."""

    encoder: Encoder
    objectives: Objectives
    layout: Layout

    @property
    def parameters(self) -> list[Tensor]:
        return [*self.encoder.parameters(), *self.objectives.criterion.parameters()]

    def draw(self, units: int = 7) -> tuple[Tensor, Tensor]:
        """A recording and the first rows of the windows of a step."""
        x = torch.randn(self.encoder.width + 20, units)
        return x, torch.randint(0, len(x) - self.encoder.width + 1, (self.layout.rows,))

    def by_autograd(self, x: Tensor, first: Tensor) -> list[Tensor]:
        """The loss and the gradient of every parameter."""
        z = self.encoder(x[first[:, None] + torch.arange(self.encoder.width)])
        loss = self.objectives.forward(z, self.layout)
        return [loss.detach(), *torch.autograd.grad(loss, self.parameters)]

    def double(self) -> Step:
        encoder, objectives = deepcopy(self.encoder).double(), deepcopy(self.objectives)
        objectives.criterion.double()
        return Step(encoder, objectives, self.layout)

    def by_hand(
        self, fused: FusedEncoder, x: Tensor, first: Tensor, *, recording: bool = False
    ) -> list[Tensor]:
        loss = self.loss_by_hand(fused, x, first, recording=recording)
        return [loss.detach(), *torch.autograd.grad(loss, self.parameters)]

    def loss_by_hand(
        self, fused: FusedEncoder, x: Tensor, first: Tensor, *, recording: bool = False
    ) -> Tensor:
        seen = (
            fused.of_recording(x, first) if recording else fused.of_windows(fused.windows(x, first))
        )
        return fused_loss([seen], self.objectives, self.layout)

    def check(
        self,
        x: Tensor,
        first: Tensor,
        *,
        fused: FusedEncoder | None = None,
        recording: bool = False,
    ) -> None:
        """Equal to autograd to 1e-5, of the largest gradient where that is above 1. Where float32
        has no such precision (long embeddings, gradients that cancel), to a few times autograd's
        own distance from float64.
        """
        found = self.by_hand(fused or FusedEncoder(self.encoder), x, first, recording=recording)
        expected, exact = self.by_autograd(x, first), self.double().by_autograd(x.double(), first)
        rounding = max(float((a - b).abs().max()) for a, b in zip(expected, exact))
        tolerance = max(1e-5, 1e-5 * max(float(b.abs().max()) for b in exact), 8 * rounding)
        for mine, other in zip(found, expected, strict=True):
            assert mine.shape == other.shape
            torch.testing.assert_close(mine, other, rtol=0, atol=tolerance)


def make(
    encoder: str,
    similarity: str = "cosine",
    *,
    units: int = 7,
    batch: int = 8,
    negatives: int | None = None,
    sampling: dict[str, Any] | None = None,
    **loss: Any,
) -> Step:
    torch.set_num_threads(1)  # threads that share cores and spin make each other much slower
    linear = LinearEncoderConfig(kind="linear", receptive_field=3)
    config = linear if encoder == "linear" else OffsetEncoderConfig(kind=encoder, hidden_units=6)
    module = build_encoder(
        config, units=units, output_dimension=3, normalize=similarity == "cosine"
    )
    of = {"similarity": similarity, "temperature": 0.5, **loss}
    trial = ContrastiveTrial.model_validate({"loss": of, "sampling": sampling or {}})
    criterion = build_loss(trial.loss)
    layout = Layout(batch, negatives or batch, objectives=len(trial.sampling.losses))
    return Step(module, Objectives(criterion, trial.sampling), layout)


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
    kind: str,
    similarity: str,
    learnable: bool,
    recording: bool,
    batch: int,
    units: int,
    temperature: float,
    seed: int,
) -> None:
    torch.manual_seed(seed)
    loss = {"learnable_temperature": learnable, "temperature": temperature}
    step = make(kind, similarity, units=units, batch=batch, **loss)
    step.check(*step.draw(units), recording=recording)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("negatives", [1, 20, 150])
@pytest.mark.parametrize("loss", [{}, {"kind": "focal"}, {"kind": "focal", "gamma": 0.5}], ids=str)
@pytest.mark.parametrize(
    "sampling",
    [
        {"conditional": "hybrid", "behaviour_dimensions": 2},
        {"conditional": "multi", "objectives": TWO},
        {"conditional": "multi", "objectives": TWO, "renormalize": True},
        {},
    ],
    ids=str,
)
def test_every_loss_with_any_number_of_negatives(
    similarity: str, negatives: int, loss: dict[str, Any], sampling: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    more = {"learnable_temperature": True, "temperature": 0.4, **loss}
    step = make("offset5", similarity, batch=20, negatives=negatives, sampling=sampling, **more)
    step.check(*step.draw())


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize(
    "sampling", [{}, {"conditional": "multi", "objectives": TWO}], ids=["one", "two"]
)
def test_sessions_that_are_scored_together(similarity: str, sampling: dict[str, Any]) -> None:
    """Three encoders, positives of one session beside references of another."""
    torch.manual_seed(0)
    steps = [
        make("offset5", similarity, units=units, sampling=sampling, learnable_temperature=True)
        for units in (4, 7, 5)
    ]
    objectives, single = steps[0].objectives, steps[0].layout
    layout = Layout(8, 5, sessions=3, objectives=single.objectives, partner=torch.randperm(24))
    draws = [(torch.randn(25, units), torch.randint(0, 20, (layout.rows,))) for units in (4, 7, 5)]
    parameters = [
        *(p for step in steps for p in step.encoder.parameters()),
        *objectives.criterion.parameters(),
    ]
    z = torch.cat(
        [step.encoder(x[f[:, None] + torch.arange(5)]) for step, (x, f) in zip(steps, draws)]
    )
    expected = objectives.forward(z, layout)
    fused = [FusedEncoder(step.encoder) for step in steps]
    seen = [one.of_windows(one.windows(x, f)) for one, (x, f) in zip(fused, draws)]
    found = fused_loss(seen, objectives, layout)
    for mine, other in zip(
        torch.autograd.grad(found, parameters), torch.autograd.grad(expected, parameters)
    ):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-5)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    # by definition: the positive of reference i lies at place partner[i]
    blocks = z.view(3, layout.rows, 3)
    positives = blocks[:, 8:16].reshape(24, 3)[layout.partner]
    reference, negative = blocks[:, :8].reshape(24, 3), blocks[:, -5:].reshape(15, 3)
    if not sampling:
        torch.testing.assert_close(objectives.criterion(reference, positives, negative), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_more_reference_rows_than_a_tile(kind: str) -> None:
    torch.manual_seed(0)
    step = make(kind, batch=300, temperature=0.1)
    step.check(*step.draw())


@pytest.mark.parametrize("field", [1, 2, 5])
def test_linear_encoder_of_any_width(field: int) -> None:
    step = make("linear")
    step.encoder = build_encoder(
        LinearEncoderConfig(kind="linear", receptive_field=field), units=4, output_dimension=2
    )
    step.check(*step.draw(4))


@pytest.mark.parametrize("kind", KINDS)
def test_one_instance_serves_step_after_step(kind: str) -> None:
    """Calls with other batches, sizes and parameters change nothing: equal calls, equal bits."""
    step = make(kind, learnable_temperature=True)
    fused, (x, first) = FusedEncoder(step.encoder), step.draw()
    before = step.by_hand(fused, x, first)
    for batch in (8, 3):
        other_step = replace(step, layout=Layout(batch, batch))
        other_step.by_hand(fused, *other_step.draw(), recording=batch == 3)
    with torch.no_grad():
        next(step.encoder.parameters()).mul_(2)
    step.check(x, first, fused=fused)
    with torch.no_grad():
        next(step.encoder.parameters()).div_(2)
    for mine, other in zip(step.by_hand(fused, x, first), before, strict=True):
        assert torch.equal(mine, other)


def test_gradients_belong_to_their_pass() -> None:
    """Two passes before one backward, each with a weight of its own."""
    step = make("offset5")
    fused, (x, first), (y, second) = FusedEncoder(step.encoder), step.draw(), step.draw()
    total = 0.3 * step.loss_by_hand(fused, x, first) + 2 * step.loss_by_hand(fused, y, second)
    pairs = zip(step.by_autograd(x, first), step.by_autograd(y, second))
    expected = [0.3 * a + 2 * b for a, b in pairs]
    found = [total.detach(), *torch.autograd.grad(total, step.parameters)]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_extreme_inputs_stay_finite(similarity: str) -> None:
    step = make("offset1", similarity, temperature=0.01)
    x, first = step.draw()
    with torch.no_grad():
        for p in step.encoder.parameters():
            p[...] = 0 if p.dim() == 1 else p  # no bias, so that a silent window is a zero vector
    x[first[:4]] = 0
    assert all(
        torch.isfinite(value).all() for value in step.by_hand(FusedEncoder(step.encoder), x, first)
    )
    step.check(x, first)


def test_temperature_below_its_floor_has_no_gradient() -> None:
    step = make("linear", learnable_temperature=True)
    (x, first), criterion = step.draw(), step.objectives.criterion
    assert criterion.log_inverse_temperature is not None
    torch.nn.init.constant_(criterion.log_inverse_temperature, criterion.ceiling + 1)
    assert float(step.by_hand(FusedEncoder(step.encoder), x, first)[-1]) == 0
    step.check(x, first)


def test_gradients_added_at_once_are_those_of_the_graph() -> None:
    """To what is there, times their weight."""
    step = make("offset5", learnable_temperature=True)
    fused, (x, first) = FusedEncoder(step.encoder), step.draw()
    value, *expected = step.by_hand(fused, x, first)
    step.parameters[0].grad = torch.ones_like(step.parameters[0])
    seen = fused.of_windows(fused.windows(x, first))
    assert torch.equal(add_gradients([seen], step.objectives, step.layout, weight=0.5), value)
    for number, (p, gradient) in enumerate(zip(step.parameters, expected)):
        assert p.grad is not None
        torch.testing.assert_close(p.grad, 0.5 * gradient + (number == 0), rtol=0, atol=1e-7)


@pytest.mark.parametrize("at_once", [False, True])
def test_frozen_parameters_get_no_gradient(at_once: bool) -> None:
    step = make("offset5")
    weight = next(step.encoder.parameters()).requires_grad_(False)
    fused, (x, first) = FusedEncoder(step.encoder), step.draw()
    if at_once:
        add_gradients([fused.of_windows(fused.windows(x, first))], step.objectives, step.layout)
    else:
        step.loss_by_hand(fused, x, first).backward()
    assert weight.grad is None
    assert all(p.grad is not None for p in step.encoder.parameters() if p is not weight)


def test_work_decides_between_windows_and_recording() -> None:
    fused = FusedEncoder(make("offset36").encoder)
    assert fused.prefers_recording(400, 3 * 64)
    assert not fused.prefers_recording(40_000, 3 * 64)


# -- within a trial --------------------------------------------------------------------------------


def trained(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, fused: bool, **sections: dict
) -> Training:
    if not fused:
        monkeypatch.setattr(FusedEncoder, "supports", staticmethod(lambda encoder: False))
    data = dataset(folder, session("a", units=6), session("b", units=4, seed=1))
    config = trial(**sections)
    training = Training(config, data, whole_shard(data, config.view))
    training.advance()
    monkeypatch.undo()
    return training


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["offset1", "offset10"])
def test_trials_take_the_same_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, dropout: float
) -> None:
    """Five steps over two sessions, dropout drawn alike on both ways."""
    sections = {
        "model": {"encoder": {"kind": kind, "hidden_units": 8}},
        "augmentation": {"unit_dropout": dropout},
        "loss": {"learnable_temperature": True},
    }
    one, other = (
        trained(tmp_path / str(fused), monkeypatch, fused=fused, **sections)
        for fused in (True, False)
    )
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


@pytest.mark.parametrize("kind", KINDS)
def test_buffers_follow_the_batch_and_the_parameters(kind: str) -> None:
    """Another shape of a step, and weights that moved, are noticed."""
    step = make(kind)
    fused = FusedEncoder(step.encoder)
    step.check(*step.draw(), fused=fused)
    larger = replace(step, layout=Layout(12, 12))
    larger.check(*larger.draw(), fused=fused)
    for p in step.encoder.parameters():
        p.data = torch.randn_like(p) / 4  # as FlatParameters moves them
    step.check(*step.draw(), fused=fused)


def test_large_layers_are_convolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above LARGE multiplications oneDNN convolves; the numbers are the same."""
    monkeypatch.setattr(byhand, "LARGE", 0)
    step = make("offset10")
    step.check(*step.draw())


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_a_graph_of_any_number_of_rows(kind: str) -> None:
    """What a worker computes of a step: its own rows, a few more or less each time, under a loss
    that autograd has.
    """
    torch.manual_seed(0)
    step = make(kind, "cosine")
    fused = FusedEncoder(step.encoder)
    for count in (8, 11, 8, 5, 14, 2, 11, 8):
        x, _ = step.draw()
        first = torch.randint(0, len(x) - step.encoder.width + 1, (count,))
        z = fused_embedding(fused.of_windows(fused.windows(x, first)))
        expected = step.encoder(x[first[:, None] + torch.arange(step.encoder.width)])
        torch.testing.assert_close(z, expected, atol=1e-5, rtol=1e-5)
        slope = torch.randn_like(z)
        parameters = list(step.encoder.parameters())
        found, wanted = (torch.autograd.grad(one, parameters, slope) for one in (z, expected))
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
