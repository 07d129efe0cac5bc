"""Every neural decoder: what the interface promises, and that each one can learn what only the
order of time tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from raylab.config.networks import NETWORKS, NetworkConfig
from raylab.models.networks.base import Network
from raylab.models.networks.build import build_network
from raylab.models.networks.graph import GraphNetwork

LENGTH, UNITS, OUTPUTS = 12, 6, 3
SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "width": 8, "hidden": (16, 16)},
    "lstm": {"kind": "lstm", "width": 16},
    "lstm_forward": {"kind": "lstm", "width": 16, "layers": 2, "bidirectional": False},
    "gru": {"kind": "gru", "width": 16},
    "transformer": {"kind": "transformer", "width": 16, "heads": 2, "feedforward": 32},
    "transformer_sinusoidal": {
        "kind": "transformer",
        "width": 16,
        "heads": 2,
        "feedforward": 32,
        "positions": "sinusoidal",
    },
    "tcn": {"kind": "tcn", "channels": 16, "levels": 3},
    "tcn_last": {"kind": "tcn", "channels": 16, "levels": 3, "pool": "last"},
    "graph": {"kind": "graph", "width": 16, "heads": 2},
}
ANY_LENGTH = ("lstm", "lstm_forward", "gru", "transformer_sinusoidal", "tcn", "tcn_last")
each_kind = pytest.mark.parametrize("kind", SMALL)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def made(
    kind: str, *, units: tuple[int, ...] = (UNITS,), seed: int = 0, **settings: Any
) -> Network:
    config: NetworkConfig = TypeAdapter(Annotated[NetworkConfig, NETWORKS]).validate_python(
        {**SMALL[kind], **settings}
    )
    torch.manual_seed(seed)
    return build_network(config, units, OUTPUTS, length=LENGTH)


def ready(
    kind: str, *, units: tuple[int, ...] = (UNITS,), seed: int = 0, **settings: Any
) -> Network:
    """With a graph, where it needs one: a ring."""
    network = made(kind, units=units, seed=seed, **settings)
    if isinstance(network, GraphNetwork):
        for place, count in enumerate(units):
            unit = torch.arange(count)
            network.set_graph(
                place, torch.stack([unit.repeat(3), torch.cat([unit, unit + 1, unit - 1]) % count])
            )
    return network


def rows(batch: int = 5, length: int = LENGTH, units: int = UNITS) -> Tensor:
    return torch.randn(batch, length, units, generator=torch.Generator().manual_seed(batch))


def bumps(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Half of the units have a bump, and so have the others, at least 3 rows apart; the class says
    who came first.
    """
    generator = torch.Generator().manual_seed(seed)
    early = torch.randint(2, 6, (count,), generator=generator)
    late = early + torch.randint(3, 5, (count,), generator=generator)
    label = torch.randint(2, (count,), generator=generator)
    centres = torch.where(
        label[:, None].bool(), torch.stack([early, late], 1), torch.stack([late, early], 1)
    )
    centres = centres.repeat_interleave(UNITS // 2, dim=1)[:, None]
    course = torch.exp(-0.5 * (torch.arange(LENGTH)[:, None] - centres) ** 2)
    return course + 0.3 * torch.randn(count, LENGTH, UNITS, generator=generator), label


@each_kind
class TestEveryNetwork:
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_shapes_and_dtypes(self, kind: str, dtype: torch.dtype) -> None:
        network = ready(kind).to(dtype)
        for batch in (5, 1, 0):  # a worker can own none of a step's examples
            found = network(rows(batch).to(dtype), 0)
            assert found.shape == (batch, OUTPUTS)
            assert found.dtype == dtype
            assert torch.isfinite(found).all()

    def test_length(self, kind: str) -> None:
        network = ready(kind).eval()
        longer, shorter = rows(length=LENGTH + 5), rows(length=LENGTH - 5)
        if kind in ANY_LENGTH:
            assert network(longer, 0).shape == network(rows(length=1), 0).shape == (5, OUTPUTS)
            return
        if kind == "transformer":
            assert network(shorter, 0).shape == (5, OUTPUTS)
        else:
            with pytest.raises(RuntimeError):
                network(shorter, 0)
        with pytest.raises((RuntimeError, ValueError)):
            network(longer, 0)

    def test_gradient_reaches_every_parameter(self, kind: str) -> None:
        network = ready(kind, dropout=0.0)
        (network(rows(), 0) * torch.tensor([1.0, -2.0, 3.0])).square().sum().backward()
        assert [
            name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()
        ] == []

    def test_examples_do_not_see_each_other(self, kind: str) -> None:
        """Else a step over several workers would not be the step of one."""
        network, x = ready(kind, dropout=0.0).double(), rows(8).double()
        torch.testing.assert_close(network(x, 0)[3:5], network(x[3:5], 0), rtol=1e-10, atol=1e-12)

    def test_order_of_time_matters(self, kind: str) -> None:
        network, x = ready(kind).eval(), rows()
        assert (network(x, 0) - network(x.flip(1), 0)).abs().amax(1).min() > 1e-4

    def test_evaluation_draws_nothing_and_training_from_torchs_generator(self, kind: str) -> None:
        network, x = ready(kind, dropout=0.5), rows()
        drawn = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            drawn.append(network.train()(x, 0))
        assert torch.equal(drawn[0], drawn[1])
        assert not torch.equal(drawn[0], drawn[2])
        before = torch.get_rng_state()
        assert torch.equal(network.eval()(x, 0), network(x, 0))
        assert torch.equal(torch.get_rng_state(), before)

    def test_units_that_a_session_lacks_are_zeros(self, kind: str) -> None:
        network, narrow = ready(kind).double().eval(), rows(units=UNITS - 2).double()
        padded = nn.functional.pad(narrow, (0, 2))
        torch.testing.assert_close(network(narrow, 0), network(padded, 0), rtol=1e-10, atol=1e-12)
        with pytest.raises((RuntimeError, AssertionError)):
            network(rows(units=UNITS + 1).double(), 0)

    def test_state_travels_into_a_fresh_module(self, kind: str) -> None:
        trained, fresh, x = ready(kind, seed=0).eval(), made(kind, seed=1).eval(), rows()
        fresh.load_state_dict(trained.state_dict())
        assert torch.equal(fresh(x, 0), trained(x, 0))
        shared = {value.data_ptr() for value in trained.state_dict().values()}
        assert not shared & {value.data_ptr() for value in fresh.state_dict().values()}

    def test_places_have_their_own_entrance_and_share_the_rest(self, kind: str) -> None:
        network = ready(kind, units=(UNITS, 9), dropout=0.0)
        network(rows(), 0).sum().backward()
        untouched = {name for name, p in network.named_parameters() if p.grad is None}
        assert untouched == {
            name
            for name, _ in network.named_parameters()
            if name.startswith(("inputs.1", "nodes.1"))
        }
        assert untouched
        assert network(rows(units=9), 1).shape == (5, OUTPUTS)
        alone = dict(ready(kind).named_parameters())
        assert all(
            p.shape == alone[name].shape
            for name, p in network.named_parameters()
            if name not in untouched
        )

    def test_equal_seeds_make_equal_networks(self, kind: str) -> None:
        one, same, other = (made(kind, seed=seed).state_dict() for seed in (3, 3, 4))
        assert all(torch.equal(value, same[name]) for name, value in one.items())
        assert not all(torch.equal(value, other[name]) for name, value in one.items())

    def test_the_order_of_two_bumps_is_learnt(self, kind: str) -> None:
        network = ready(kind, dropout=0.0)
        optimizer = torch.optim.Adam(network.parameters(), 0.005)
        for step in range(80):
            x, label = bumps(32, seed=step + 1)
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x, 0)[:, :2], label).backward()
            optimizer.step()
        x, label = bumps(1000, seed=0)
        assert (network.eval()(x, 0)[:, :2].argmax(1) == label).float().mean() > 0.9


def test_the_bumps_cannot_be_told_without_time() -> None:
    x, label = bumps(4000, seed=0)
    means = x.mean(dim=1)
    gap = means[label == 0].mean(0) - means[label == 1].mean(0)
    assert gap.abs().max() < 0.05 * means.mean()
