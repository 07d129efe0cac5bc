"""Neural decoders, kind by kind: equal to what they are made of, and graphs of units."""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from raylab.config.networks import NETWORKS, NetworkConfig, UnitGraph
from raylab.errors import ConfigError
from raylab.models.networks.base import Network
from raylab.models.networks.build import build_network
from raylab.models.networks.edges import edges_of_correlations, edges_of_positions
from raylab.models.networks.graph import GraphLayer, GraphNetwork
from raylab.models.networks.recurrent import Recurrent
from raylab.models.networks.tcn import Tcn
from raylab.models.networks.transformer import Transformer, sinusoids

DOCS = Path(__file__).parents[2] / "docs" / "networks.md"
LENGTH, UNITS = 40, 5


def parsed(settings: Mapping[str, Any]) -> NetworkConfig:
    found: NetworkConfig = TypeAdapter(Annotated[NetworkConfig, NETWORKS]).validate_python(settings)
    return found


def built(**settings: Any) -> Network:
    torch.manual_seed(0)
    return build_network(parsed(settings), (UNITS,), 2, length=LENGTH).double().eval()


def rows(length: int = LENGTH) -> Tensor:
    return torch.randn(
        3, length, UNITS, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )


class TestConfig:
    @pytest.mark.parametrize("kind", ["transformer", "graph"])
    def test_heads_divide_the_width(self, kind: str) -> None:
        with pytest.raises(ValidationError, match="width 10 is not divisible by heads 4"):
            parsed({"kind": kind, "width": 10})

    def test_a_space_can_choose_hidden_layers(self) -> None:
        assert parsed({"kind": "mlp", "hidden": "64x32"}) == parsed(
            {"kind": "mlp", "hidden": [64, 32]}
        )
        with pytest.raises(ValidationError):
            parsed({"kind": "mlp", "hidden": "64by32"})

    def test_a_setting_of_another_kind_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="bidirectional"):
            parsed({"kind": "tcn", "bidirectional": True})

    def test_the_docs_name_every_kind_and_parameter(self) -> None:
        said = set(re.findall(r"`(\w+)`", DOCS.read_text()))
        kinds = NETWORKS.models
        named = {kind for each in kinds for kind in get_args(each.model_fields["kind"].annotation)}
        assert named == {"mlp", "lstm", "gru", "transformer", "tcn", "graph"}
        settings = {name for each in (*kinds, UnitGraph) for name in each.model_fields}
        assert named | settings - {"kind"} <= said


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_recurrent_reads_torchs_last_states(kind: str, bidirectional: bool, layers: int) -> None:
    network = built(kind=kind, width=8, layers=layers, bidirectional=bidirectional)
    assert isinstance(network, Recurrent)
    module = nn.LSTM if kind == "lstm" else nn.GRU
    oracle = module(8, 8, layers, batch_first=True, bidirectional=bidirectional).double()
    oracle.load_state_dict(network.recurrent.state_dict())
    states, _ = oracle(rows() @ network.inputs[0].weight.T + network.inputs[0].bias)
    last = torch.cat(
        [states[:, -1, :8], states[:, 0, 8:]], dim=1
    )  # the other direction ends at the first row
    torch.testing.assert_close(network(rows(), 0), network.head(last))


class TestTransformer:
    def test_layers_start_with_different_weights(self) -> None:
        network = built(kind="transformer", width=8, layers=2)
        assert isinstance(network, Transformer)
        first, second = network.encoder.layers
        assert not torch.equal(first.linear1.weight, second.linear1.weight)
        assert not torch.equal(first.self_attn.in_proj_weight, second.self_attn.in_proj_weight)

    def test_sinusoids_are_the_papers(self) -> None:
        for width in (6, 7):
            wave = (math.sin, math.cos)
            expected = [
                [wave[i % 2](row / 10_000 ** ((i - i % 2) / width)) for i in range(width)]
                for row in range(9)
            ]
            torch.testing.assert_close(
                sinusoids(9, width), torch.tensor(expected, dtype=torch.float64)
            )

    def test_the_class_token_is_decoded(self) -> None:
        """It knows of the rows what attention brings, and nothing else."""
        network = built(kind="transformer", width=8)
        assert isinstance(network, Transformer)
        assert not torch.allclose(network(rows(), 0), network(-rows(), 0))
        with torch.no_grad():
            for layer in network.encoder.layers:
                layer.self_attn.out_proj.weight.zero_()
        torch.testing.assert_close(network(rows(), 0), network(-rows(), 0))

    def test_more_rows_than_learnt_positions_are_refused(self) -> None:
        with pytest.raises(
            ValueError, match=f"{LENGTH + 1} rows, but learnt positions of {LENGTH}"
        ):
            built(kind="transformer", width=8)(rows(LENGTH + 1), 0)


class TestTcn:
    @pytest.mark.parametrize(("levels", "kernel"), [(1, 2), (2, 3), (3, 3)])
    def test_the_last_row_sees_its_receptive_field(self, levels: int, kernel: int) -> None:
        settings = parsed(
            {"kind": "tcn", "channels": 8, "levels": levels, "kernel": kernel, "pool": "last"}
        )
        network, x = built(**settings.model_dump()), rows().requires_grad_()
        network(x, 0).sum().backward()
        assert x.grad is not None
        (seen,) = x.grad.abs().sum((0, 2)).nonzero(as_tuple=True)
        assert int(seen.min()) == LENGTH - settings.receptive_field  # type: ignore[union-attr]

    def test_mean_is_of_all_rows(self) -> None:
        last, mean = (
            built(kind="tcn", channels=8, levels=2, pool=pool) for pool in ("last", "mean")
        )
        assert isinstance(last, Tcn)
        entered = last.inputs[0](rows())
        each = torch.stack(
            [last.read(entered[:, : row + 1]) for row in range(LENGTH)]
        )  # causal: the rest is unseen
        torch.testing.assert_close(mean(rows(), 0), mean.head(each.mean(0)))  # type: ignore[operator]


def pairs(edges: Tensor) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b in edges.T}


class TestEdges:
    def test_the_strongest_of_either_sign(self) -> None:
        correlation = torch.tensor(
            [
                [1.0, 0.1, -0.9, 0.2],
                [0.1, 1.0, 0.3, 0.05],
                [-0.9, 0.3, 1.0, 0.4],
                [0.2, 0.05, 0.4, 1.0],
            ]
        )
        loops = {(unit, unit) for unit in range(4)}
        joined = {(0, 2), (2, 0), (1, 2), (2, 1), (2, 3), (3, 2)}  # 2 chose 0 only; 1 and 3 chose 2
        assert pairs(edges_of_correlations(correlation, 1)) == loops | joined
        assert edges_of_correlations(correlation, 9).shape == (2, 16)

    def test_no_correlation_is_no_edge(self) -> None:
        correlation = torch.eye(4)
        correlation[0, 1] = correlation[1, 0] = 0.5
        correlation[3] = correlation[:, 3] = torch.nan
        expected = {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (3, 3)}
        assert pairs(edges_of_correlations(correlation, 2)) == expected

    def test_ties_go_to_the_lower_unit(self) -> None:
        star = (
            {(0, unit) for unit in range(6)}
            | {(unit, 0) for unit in range(6)}
            | {(unit, unit) for unit in range(6)}
        )
        assert pairs(edges_of_correlations(torch.ones(6, 6), 1)) == star | {(0, 1), (1, 0)}

    def test_the_nearest_also_far_from_the_origin(self) -> None:
        depth = torch.arange(30.0).cumsum(
            0
        )  # each unit is nearer to the one before it than to the next
        near = edges_of_positions(depth[:, None], 1)
        assert pairs(near) == {(a, b) for a in range(30) for b in range(30) if abs(a - b) <= 1}
        far = torch.stack([depth + 60_000.0, depth + 80_000.0], 1)
        assert torch.equal(edges_of_positions(far, 1), near)

    def test_a_unit_without_a_position_is_alone(self) -> None:
        positions = torch.tensor([[0.0, 0.0], [1.0, 0.0], [torch.nan, 0.0]])
        assert pairs(edges_of_positions(positions, 2)) == {(0, 0), (1, 1), (2, 2), (0, 1), (1, 0)}

    def test_graphs_are_symmetric_sorted_and_have_self_loops(self) -> None:
        generator = torch.Generator().manual_seed(0)
        correlation = torch.corrcoef(torch.randn(20, 50, generator=generator))
        for edges in (
            edges_of_correlations(correlation, 3),
            edges_of_positions(correlation[:, :3], 3),
        ):
            assert edges.dtype == torch.int64
            assert pairs(edges) == pairs(edges.flip(0))
            assert pairs(edges) >= {(unit, unit) for unit in range(20)}
            assert torch.equal(edges, edges.unique(dim=1))
            degree = edges[1].bincount() - 1
            assert int(degree.min()) >= 3
            assert int(degree.sum()) <= 2 * 3 * 20


CHAIN = edges_of_positions(torch.arange(float(UNITS))[:, None], 1)


def graph(edges: Tensor | None = None) -> GraphNetwork:
    network = built(kind="graph", width=8, heads=2)
    assert isinstance(network, GraphNetwork)
    if edges is not None:
        network.set_graph(0, edges)
    return network


class TestGraph:
    def test_attention_is_the_papers(self) -> None:
        """Equation 7 of Brody, Alon & Yahav 2022, from what edges leave to what they reach."""
        torch.manual_seed(0)
        layer = GraphLayer(8, 2, 0.0).double()
        x = torch.randn(1, 3, 8, dtype=torch.float64)
        edges = torch.tensor([[0, 1, 2, 0, 2], [0, 1, 2, 1, 1]])
        attention, normed = layer.attention, layer.norm(x)[0]
        source, target = (part(normed).view(3, 2, 4) for part in (attention.lin_l, attention.lin_r))
        joined = nn.functional.leaky_relu(
            source[None] + target[:, None], 0.2
        )  # target, source, head, feature
        score = (joined * attention.att).sum(-1)
        present = torch.zeros(3, 3, dtype=torch.bool)
        present[edges[1], edges[0]] = True
        weight = score.masked_fill(~present[..., None], -torch.inf).softmax(dim=1)
        expected = torch.einsum("tsh,shf->thf", weight, source).flatten(1) + attention.bias
        torch.testing.assert_close(layer(x, edges), x + nn.functional.gelu(expected))

    def test_units_hear_their_neighbours_only(self) -> None:
        layer = GraphLayer(8, 2, 0.0).double()
        x = torch.randn(1, UNITS, 8, dtype=torch.float64)
        other = x.clone()
        other[0, 0] += torch.randn(8, dtype=torch.float64)
        changed = (layer(x, CHAIN) - layer(other, CHAIN))[0].abs().amax(1) > 1e-9
        assert changed.tolist() == [True, True, False, False, False]

    def test_the_graph_changes_what_is_decoded(self) -> None:
        alone = torch.arange(UNITS).repeat(2, 1)
        assert not torch.allclose(graph(CHAIN)(rows(), 0), graph(alone)(rows(), 0))

    def test_a_graph_is_needed(self) -> None:
        with pytest.raises(RuntimeError, match="place 0 has no graph"):
            graph()(rows(), 0)

    @pytest.mark.parametrize(
        "edges",
        [
            CHAIN.T,
            CHAIN.int(),
            CHAIN + 1,
            CHAIN - 1,
            CHAIN[:, 1:3],
            torch.stack([CHAIN[0] + 1, CHAIN[1]]),
        ],
        ids=["transposed", "int32", "too high", "negative", "unreached", "source too high"],
    )
    def test_edges_that_cannot_be_are_refused(self, edges: Tensor) -> None:
        with pytest.raises(ValueError, match="edges"):
            graph(edges)

    def test_a_state_brings_its_graph(self) -> None:
        trained = graph(CHAIN)
        alone = torch.arange(UNITS).repeat(2, 1)
        for other in (graph(), graph(alone)):
            other.load_state_dict(trained.state_dict())
            assert torch.equal(other.get_buffer("edges0"), CHAIN)
        fresh = graph()
        fresh.load_state_dict(graph().state_dict())  # saved before it was fitted
        assert fresh.get_buffer("edges0").shape == (2, 0)

    def test_without_torch_geometric(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def missing(name: str, *rest: Any, **named: Any) -> Any:
            if name.startswith("torch_geometric"):
                raise ImportError(name)
            return real(name, *rest, **named)

        monkeypatch.setattr(builtins, "__import__", missing)
        with pytest.raises(ConfigError, match="needs the package torch_geometric") as raised:
            graph()
        assert "raylab[graph]" in raised.value.remedy
        built(kind="mlp")
