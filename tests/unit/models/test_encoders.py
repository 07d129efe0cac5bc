"""Encoders: one definition for windows and sequences, safe at silence."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config.encoders import (
    AttentionEncoderConfig,
    EncoderConfig,
    OffsetEncoderConfig,
    ProjectorEncoderConfig,
    SubsamplingEncoderConfig,
    WideSampleEncoderConfig,
)
from raylab.config.parse import parse_trial
from raylab.errors import ConfigError
from raylab.models.base import Encoder, on_sphere
from raylab.models.encoders import build_encoder

UNITS = 7
CONFIGS: dict[str, EncoderConfig] = {
    **{
        kind: OffsetEncoderConfig(kind=kind, hidden_units=8)
        for kind in ("offset1", "offset5", "offset10")
    },
    "offset36": OffsetEncoderConfig(kind="offset36", hidden_units=8),
    "offset1_wide": WideSampleEncoderConfig(kind="offset1_wide"),
    **{
        kind: SubsamplingEncoderConfig(kind=kind, hidden_units=8)
        for kind in ("offset4_2x", "offset20_4x", "offset40_4x")
    },
    "offset10_projector": ProjectorEncoderConfig(
        kind="offset10_projector", hidden_units=8, projector_units=5
    ),
    "attention": AttentionEncoderConfig(
        kind="attention", hidden_units=8, heads=2, receptive_field=9
    ),
}
FIELDS = {
    "offset1": (0, 1),
    "offset5": (2, 3),
    "offset10": (5, 5),
    "offset36": (18, 18),
    "offset1_wide": (0, 1),
    "offset4_2x": (2, 2),
    "offset20_4x": (10, 10),
    "offset40_4x": (20, 20),
    "offset10_projector": (5, 5),
    "attention": (4, 5),
}
each_kind = pytest.mark.parametrize("kind", CONFIGS)


def make(kind: str, *, normalize: bool = True) -> Encoder:
    torch.manual_seed(0)
    return build_encoder(
        CONFIGS[kind], units=UNITS, output_dimension=4, normalize=normalize
    ).double()


def windows_of(x: torch.Tensor, width: int) -> torch.Tensor:
    return x.unfold(0, width, 1).transpose(1, 2).contiguous()


@each_kind
def test_receptive_field(kind: str) -> None:
    encoder = make(kind)
    assert (encoder.left, encoder.right) == FIELDS[kind]
    assert encoder.width == sum(FIELDS[kind])
    assert encoder(torch.randn(3, encoder.width, UNITS).double()).shape == (3, 4)


@each_kind
def test_output_sees_every_row_of_its_window(kind: str) -> None:
    encoder = make(kind)
    windows = torch.randn(5, encoder.width, UNITS, dtype=torch.float64, requires_grad=True)
    encoder(windows)[:, 0].sum().backward()
    assert windows.grad is not None
    assert (windows.grad.abs().sum((0, 2)) > 0).all()


@each_kind
@pytest.mark.parametrize("normalize", [True, False])
def test_sequence_equals_windows(kind: str, normalize: bool) -> None:
    encoder = make(kind, normalize=normalize)
    x = torch.randn(90, UNITS, dtype=torch.float64)
    torch.testing.assert_close(
        encoder.sequence(x), encoder(windows_of(x, encoder.width)), rtol=0, atol=1e-12
    )


@each_kind
def test_sequence_in_chunks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = make(kind)
    x = torch.randn(90, UNITS, dtype=torch.float64)
    whole = encoder.sequence(x)
    monkeypatch.setattr("raylab.models.base.CHUNK_ROWS", 64)
    torch.testing.assert_close(encoder.sequence(x), whole, rtol=0, atol=1e-12)


@each_kind
@pytest.mark.parametrize("short", [0, 1])
def test_sequence_shorter_than_the_field_is_empty(kind: str, short: int) -> None:
    encoder = make(kind)
    length = max(0, encoder.width - 1 - short)
    assert encoder.sequence(torch.zeros(length, UNITS, dtype=torch.float64)).shape == (0, 4)
    assert len(encoder.sequence(torch.zeros(encoder.width, UNITS, dtype=torch.float64))) == 1


@each_kind
def test_normalised_to_length_one(kind: str) -> None:
    embedding = make(kind)(100 * torch.randn(20, sum(FIELDS[kind]), UNITS).double())
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(20, dtype=torch.float64))


def test_zero_rows_stay_zero_with_a_finite_gradient() -> None:
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1e-30, 0.0]], requires_grad=True)
    y = on_sphere(x)
    y.sum().backward()
    assert x.grad is not None
    assert torch.isfinite(y).all()
    assert x.grad.abs().max() < 10
    torch.testing.assert_close(y[:2], torch.tensor([[0.0, 0.0], [0.6, 0.8]]))


@each_kind
def test_silent_input_and_dead_output_give_no_nan(kind: str) -> None:
    encoder = make(kind)
    for parameter in encoder.parameters():
        torch.nn.init.zeros_(parameter)
    embedding = encoder(torch.zeros(2, encoder.width, UNITS, dtype=torch.float64))
    embedding.sum().backward()
    assert torch.equal(embedding, torch.zeros_like(embedding))
    assert all(torch.isfinite(p.grad).all() for p in encoder.parameters() if p.grad is not None)


@each_kind
def test_no_unused_parameter(kind: str) -> None:
    encoder = make(kind)
    encoder(torch.randn(6, encoder.width, UNITS).double()).square().sum(0)[0].backward()
    unused = [name for name, p in encoder.named_parameters() if p.grad is None]
    assert unused == []


def test_attention_dropout_is_off_in_evaluation() -> None:
    config = AttentionEncoderConfig(
        kind="attention", hidden_units=8, heads=2, receptive_field=5, dropout=0.5
    )
    encoder = build_encoder(config, units=UNITS, output_dimension=4)
    x = torch.randn(16, 5, UNITS)
    assert not torch.equal(encoder(x), encoder(x))
    encoder.eval()
    assert torch.equal(encoder(x), encoder(x))


@pytest.mark.parametrize(
    "chances", [{"dropout": 0.4}, {"dropout": 0.4, "block_dropout": 0.4}, {"block_dropout": 0.4}]
)
def test_channel_dropout_changes_training_only(chances: dict[str, float]) -> None:
    plain = make("offset10").eval()
    encoder = build_encoder(
        OffsetEncoderConfig(kind="offset10", hidden_units=8, **chances),
        units=UNITS,
        output_dimension=4,
    ).double()
    encoder.load_state_dict(
        dict(zip(encoder.state_dict(), plain.state_dict().values(), strict=True))
    )
    x = torch.randn(60, UNITS, dtype=torch.float64)
    windows = windows_of(x, 10)
    assert not torch.equal(encoder(windows), encoder(windows))
    torch.testing.assert_close(encoder.eval()(windows), plain(windows))
    torch.testing.assert_close(encoder.sequence(x), plain(windows))


def test_dropout_takes_whole_channels_of_a_window() -> None:
    encoder = build_encoder(
        OffsetEncoderConfig(kind="offset5", hidden_units=64, dropout=0.5),
        units=UNITS,
        output_dimension=4,
    )
    seen = encoder.net[:2](torch.randn(32, 5, UNITS))  # the first convolution and its dropout
    away = (seen == 0).all(2)
    assert torch.equal(away, (seen == 0).any(2))
    assert 0.4 < away.float().mean() < 0.6
    assert not (away == away[0]).all()  # each window its own


def test_no_dropout_where_nothing_could_drop() -> None:
    with pytest.raises(ConfigError, match="offset1 has no channels"):
        parse_trial({"model": {"encoder": {"kind": "offset1", "dropout": 0.1}}}, "c.yaml")


def test_the_projector_keeps_dimensions_apart() -> None:
    encoder = make("offset10_projector")
    features = torch.randn(5, 4, dtype=torch.float64)
    moved = features.clone()
    moved[:, 2] += 1
    changed = encoder.projector(features) != encoder.projector(moved)
    assert changed[:, 2].all()
    assert not changed[:, [0, 1, 3]].any()


@each_kind
@pytest.mark.parametrize(("output", "batch"), [(2, 8192), (1024, 4)])
def test_the_sizes_that_configs_allow(kind: str, output: int, batch: int) -> None:
    output = (
        64 if kind == "offset1_wide" and output > 64 else output
    )  # its weights are 900 times the square of this
    encoder = build_encoder(CONFIGS[kind], units=3, output_dimension=output)
    embedding = encoder(torch.randn(batch, encoder.width, 3))
    assert embedding.shape == (batch, output)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(batch))


def test_attention_reads_order() -> None:
    encoder = make("attention")
    windows = torch.randn(4, encoder.width, UNITS, dtype=torch.float64)
    swapped = windows.clone()
    swapped[:, [0, 1]] = windows[
        :, [1, 0]
    ]  # neither is the centre: only the position tells them apart
    assert not torch.allclose(encoder(windows), encoder(swapped), atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(sorted(CONFIGS)),
    units=st.integers(1, 9),
    output=st.integers(2, 12),
    extra=st.integers(0, 20),
)
def test_any_size_agrees(kind: str, units: int, output: int, extra: int) -> None:
    encoder = build_encoder(
        CONFIGS[kind], units=units, output_dimension=output, normalize=False
    ).double()
    x = torch.randn(encoder.width + extra, units, dtype=torch.float64)
    torch.testing.assert_close(
        encoder.sequence(x), encoder(windows_of(x, encoder.width)), rtol=0, atol=1e-11
    )
