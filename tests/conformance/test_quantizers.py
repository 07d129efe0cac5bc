"""Every quantizer: what the interface promises, vector-quantize-pytorch 1.32 as oracle, and two
workers as one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import plugin_packages
import pytest
import torch
import torch.multiprocessing as processes
from pydantic import ValidationError
from quantizer_steps import (
    CODES,
    MOVING,
    SIZES,
    THRESHOLD,
    WORKERS,
    D,
    backward,
    buffers,
    made,
    several_steps,
    vectors,
    work,
)
from sklearn.cluster import KMeans
from torch import Tensor, nn

from raylab.config.quantizers import QUANTIZERS
from raylab.models.quantizers.base import Quantizer
from raylab.models.quantizers.build import build_quantizer
from raylab.models.quantizers.choosing import first_maximum
from raylab.models.quantizers.kmeans import assign, drawn, lloyd
from raylab.models.quantizers.moving import MovingVQ

DOCS = Path(__file__).parents[2] / "docs" / "quantizers.md"
STILL = {"kmeans_start": False, "revive_below": 0}
each_kind = pytest.mark.parametrize("kind", SIZES)
CASES = [(kind, gradient) for kind in SIZES for gradient in ("straight_through", "rotation")]
CASES.remove(("fsq", "rotation"))  # straight-through is part of it


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@contextmanager
def untouched_generator() -> Iterator[None]:
    before = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), before)


def assert_equal_states(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


class QuantizerConformance:
    """What any quantizer must do. A subclass says how to make one (D-dimensional)."""

    def make(self) -> Quantizer:
        raise NotImplementedError

    def trained(self, steps: int = 3) -> Quantizer:
        quantizer = self.make().train()
        for step in range(steps):
            quantizer(vectors(200, step))
        return quantizer

    def test_shapes_and_indices(self) -> None:
        quantizer, x = self.make().train(), vectors(200)
        found = quantizer(x)
        assert found.values.shape == x.shape
        assert found.values.dtype == torch.float32
        assert found.indices.shape == (200, len(quantizer.sizes))
        assert found.indices.dtype == torch.int64
        assert (found.indices >= 0).all()
        assert (found.indices < torch.tensor(quantizer.sizes)).all()
        assert found.loss.shape == ()
        assert torch.isfinite(found.loss)

    def test_lookup_is_what_the_decoder_reads(self) -> None:
        quantizer = self.trained().eval()
        found = quantizer(vectors(300, 7))
        torch.testing.assert_close(
            quantizer.lookup(found.indices), found.values, rtol=1e-5, atol=1e-6
        )
        assert len(found.indices.unique(dim=0)) > 4

    def test_gradient_reaches_the_input(self) -> None:
        x = vectors(50).requires_grad_()
        found = self.make().train()(x)
        (gradient,) = torch.autograd.grad((found.values * vectors(50, 1)).sum() + found.loss, x)
        assert torch.isfinite(gradient).all()
        assert (gradient != 0).any(1).all()

    def test_evaluation_changes_nothing(self) -> None:
        quantizer = self.trained().eval()
        before, x = buffers(quantizer), vectors(100, 5)
        one, other = quantizer(x), quantizer(x)
        assert_equal_states(buffers(quantizer), before)
        assert torch.equal(one.indices, other.indices)
        assert torch.equal(one.values, other.values)

    def test_a_checkpoint_goes_on_exactly(self) -> None:
        whole = self.trained(6)
        half, resumed = self.trained(3), self.make().train()
        resumed.load_state_dict(buffers(half))
        torch.manual_seed(12345)
        with untouched_generator():
            for step in range(3, 6):
                resumed(vectors(200, step))
        assert_equal_states(buffers(resumed), buffers(whole))
        assert torch.equal(resumed.eval()(vectors(50)).indices, whole.eval()(vectors(50)).indices)

    def test_bfloat16_is_quantized_in_float32(self) -> None:
        quantizer, x = self.trained().eval(), vectors(100).bfloat16()
        with torch.autocast("cpu", torch.bfloat16):
            low = quantizer(x)
        assert torch.equal(low.indices, quantizer(x.float()).indices)
        assert torch.equal(low.values, quantizer(x.float()).values)


@pytest.mark.parametrize(("kind", "gradient"), CASES)
class TestEveryQuantizer(QuantizerConformance):
    @pytest.fixture(autouse=True)
    def _kind(self, kind: str, gradient: str) -> None:
        self.kind, self.settings = kind, {} if kind == "fsq" else {"gradient": gradient}

    def make(self) -> Quantizer:
        return made(self.kind, **self.settings)


class TestTheQuantizerOfTheDocs(QuantizerConformance):
    """docs/extending.md, "A quantizer": its code, run."""

    @pytest.fixture(autouse=True)
    def _written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (code,) = plugin_packages.blocks("A quantizer", "python")
        page = ModuleType("raylab_scalar")
        monkeypatch.setitem(sys.modules, "raylab_scalar", page)
        exec(compile(code, str(plugin_packages.PAGE), "exec", dont_inherit=True), vars(page))
        monkeypatch.setattr(QUANTIZERS, "choices", (*QUANTIZERS.choices, page.CHOICE))
        self.config = page.ScalarQuantizer(kind="scalar")

    def make(self) -> Quantizer:
        return build_quantizer(self.config, dimension=D, seed=0)


def test_the_docs_name_every_kind_and_parameter() -> None:
    said = set(re.findall(r"`(\w+)`", DOCS.read_text()))
    assert set(QUANTIZERS.names) == set(SIZES)
    settings = {name for model in QUANTIZERS.models for name in model.model_fields}
    assert set(QUANTIZERS.names) | settings - {"kind"} <= said


@pytest.mark.parametrize("codes", [2, 37, 512])
def test_ties_go_to_the_lowest_code(codes: int) -> None:
    scores = (
        torch.randint(5, (400, codes), generator=torch.Generator().manual_seed(codes)).float() - 2
    )
    expected = (scores == scores.amax(1, keepdim=True)).int().argmax(1)
    assert torch.equal(first_maximum(scores.clone()), expected)
    scores[3] = (
        torch.nan
    )  # a model that diverged is told of by its loss, not by an index out of range
    assert int(first_maximum(scores)[3]) in range(codes)


def test_more_codes_than_a_codebook_may_have_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"levels \[64, 64, 64\] are 262144 codes"):
        made("fsq", levels=(64, 64, 64))


def oracle(kind: str, rotation: bool) -> Any:
    """The same quantizer of vector-quantize-pytorch, on as many codes."""
    import vector_quantize_pytorch as vqp  # seconds, which other processes of the tests save

    many: dict[str, Any] = {"rotation_trick": rotation, "codebook_size": CODES}
    makers: dict[str, Callable[[], Any]] = {
        "plain": lambda: vqp.VectorQuantize(D, learnable_codebook=True, ema_update=False, **many),
        "ema": lambda: vqp.VectorQuantize(D, **many),
        "cosine": lambda: vqp.VectorQuantize(D, use_cosine_sim=True, **many),
        "residual": lambda: vqp.ResidualVQ(dim=D, num_quantizers=3, **many),
        "grouped_residual": lambda: vqp.GroupedResidualVQ(
            dim=D, groups=4, num_quantizers=2, **many
        ),
        "fsq": lambda: vqp.FSQ([8, 5, 4], dim=D),
        "lfq": lambda: vqp.LFQ(dim=D, codebook_size=CODES, commitment_loss_weight=0.25),
        "simvq": lambda: vqp.SimVQ(D, CODES, rotation_trick=rotation),
    }
    return makers[kind]()


def codebooks(theirs: Any, kind: str) -> list[list[Any]]:
    """Their codebooks as [stage][group]."""
    if kind == "grouped_residual":
        return [[group.layers[stage]._codebook for group in theirs.rvqs] for stage in range(2)]
    if kind == "residual":
        return [[layer._codebook] for layer in theirs.layers]
    return [[theirs._codebook]]


@torch.no_grad()
def start_alike(quantizer: Any, theirs: Any, kind: str) -> None:
    """Give their parameters and first codes to ours."""
    if kind in ("fsq", "lfq"):
        quantizer.into.load_state_dict(theirs.project_in.state_dict())
        quantizer.back.load_state_dict(theirs.project_out.state_dict())
    elif kind == "simvq":
        quantizer.fixed.copy_(theirs.frozen_codebook)
        quantizer.map.load_state_dict(theirs.code_transform.state_dict())
    elif kind == "plain":
        quantizer.codes.copy_(theirs._codebook.embed[0])
    else:
        for stage, groups in zip(quantizer.stages, codebooks(theirs, kind), strict=True):
            stage.codes.copy_(torch.cat([book.embed for book in groups]))
            stage.sums.copy_(torch.cat([book.embed_avg for book in groups]))
            stage.counts.copy_(torch.cat([book.cluster_size for book in groups]))


def their_answer(theirs: Any, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Values, (n, codebooks) indices, summed loss."""
    values, indices, *losses = theirs(x[None])
    if indices.dim() == 4:  # groups of residual quantizers
        indices = indices.permute(1, 2, 0, 3)
    loss = losses[0].sum() if losses else x.new_zeros(())
    if getattr(theirs, "learnable_codebook", False):
        loss = (
            loss + loss.detach()
        )  # one mean square with both gradients; the paper's are two, each with one
    return values[0], indices.reshape(len(x), -1).long(), loss


def pair(kind: str, gradient: str) -> tuple[Quantizer, Any]:
    settings: dict[str, Any] = {} if kind == "fsq" else {"gradient": gradient}
    quantizer = made(kind, **settings, **(STILL if kind in MOVING else {})).train()
    torch.manual_seed(1)
    theirs = oracle(kind, gradient == "rotation").train()
    start_alike(quantizer, theirs, kind)
    return quantizer, theirs


class TestAgainstVectorQuantizePytorch:
    @pytest.mark.parametrize(
        ("kind", "gradient"), [case for case in CASES if case != ("lfq", "rotation")]
    )
    def test_values_indices_loss_and_gradients(self, kind: str, gradient: str) -> None:
        quantizer, theirs = pair(kind, gradient)
        one, other = vectors(300).requires_grad_(), vectors(300).requires_grad_()
        found = quantizer(one)
        values, indices, loss = their_answer(theirs, other)
        assert torch.equal(found.indices, indices)
        torch.testing.assert_close(found.values, values, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(found.loss, loss, rtol=1e-5, atol=1e-5)
        mine = backward(found.values, found.loss, one, quantizer)
        for a, b in zip(mine, backward(values, loss, other, theirs), strict=True):
            torch.testing.assert_close(a, b.view_as(a), rtol=1e-5, atol=1e-5 * float(b.abs().max()))

    @pytest.mark.parametrize("kind", MOVING)
    def test_codebooks_after_200_updates(self, kind: str) -> None:
        quantizer, theirs = pair(kind, "rotation")
        assert isinstance(quantizer, MovingVQ)
        for step in range(200):
            x = vectors(256, step)
            assert torch.equal(quantizer(x).indices, their_answer(theirs, x)[1]), f"step {step}"
        for stage, groups in zip(quantizer.stages, codebooks(theirs, kind), strict=True):
            torch.testing.assert_close(
                stage.codes, torch.cat([b.embed for b in groups]), rtol=1e-5, atol=1e-5
            )
            counts = torch.cat([b.cluster_size for b in groups])
            torch.testing.assert_close(stage.counts, counts, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("kind", ["plain", "simvq"])
    def test_codes_learnt_by_gradient_after_200_steps(self, kind: str) -> None:
        quantizer, theirs = pair(kind, "straight_through")
        optimizers = [torch.optim.SGD(module.parameters(), 0.05) for module in (quantizer, theirs)]
        differing = 0
        for step in range(200):
            x = vectors(256, step)
            found, (_, indices, loss) = quantizer(x), their_answer(theirs, x)
            differing += int((found.indices != indices).sum())
            for optimizer, value in zip(optimizers, (found.loss, loss), strict=True):
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
        assert differing == 0


def distortion(x: Tensor, codes: Tensor) -> float:
    return float(torch.cdist(x, codes).amin(1).square().mean())


class TestKmeansStart:
    def test_lloyd_is_sklearns(self) -> None:
        x = vectors(600)
        start = x[torch.randperm(600, generator=torch.Generator().manual_seed(2))[:CODES]]
        means, counts = lloyd(x[None], start[None])
        theirs = KMeans(CODES, init=start.numpy(), n_init=1, tol=0, algorithm="lloyd").fit(
            x.numpy()
        )
        torch.testing.assert_close(
            means[0], torch.from_numpy(theirs.cluster_centers_), rtol=1e-5, atol=1e-5
        )
        assert torch.equal(
            counts[0], torch.bincount(torch.from_numpy(theirs.labels_), minlength=CODES).float()
        )

    def test_spherical_means_are_a_fixed_point(self) -> None:
        x = nn.functional.normalize(vectors(600), dim=1)
        means, _ = lloyd(x[None], x[None, :CODES], cosine=True)
        chosen = assign(x[None], means, cosine=True)[0]
        again = torch.stack([x[chosen == code].sum(0) for code in range(CODES)])
        torch.testing.assert_close(
            nn.functional.normalize(again, dim=1), means[0], rtol=1e-5, atol=1e-6
        )

    def test_the_first_batch_is_described_better(self) -> None:
        x = vectors(600)
        start = {"ema": made("ema"), "drawn": made("ema", kmeans_start=False, revive_below=0)}
        started: Any = start["ema"].train()
        with untouched_generator():
            started(x)
        picks = drawn(
            x[None],
            torch.zeros(CODES, dtype=torch.int64),
            torch.arange(CODES),
            seed=0,
            updates=0,
            share=None,
        )
        unstarted: Any = start["drawn"]
        assert len(picks.unique(dim=0)) == CODES
        assert distortion(x, started.stages[0].codes[0]) < 0.9 * distortion(x, picks)
        assert distortion(x, started.stages[0].codes[0]) < 0.5 * distortion(
            x, unstarted.stages[0].codes[0]
        )

    def test_fewer_vectors_than_codes(self) -> None:
        quantizer, x = made("ema").train(), vectors(CODES // 2)
        assert float((quantizer(x).values - x).square().max()) < 1e-8


class TestRevival:
    @pytest.mark.parametrize("kind", MOVING)
    def test_replaces_exactly_the_codes_under_the_threshold_by_vectors_of_the_batch(
        self, kind: str
    ) -> None:
        quantizer: Any = made(kind, kmeans_start=False, revive_below=1.5).train()
        twin: Any = made(kind, **STILL).train()
        x = vectors(200)
        with untouched_generator():
            indices = quantizer(x).indices
        assert torch.equal(indices, twin(x).indices)
        book, same = quantizer.stages[0], twin.stages[0]
        dead = same.counts < 1.5
        assert 0 < dead.sum() < dead.numel()
        assert torch.equal((book.codes != same.codes).any(-1), dead)
        assert torch.equal(book.counts[dead], torch.full((int(dead.sum()),), 1.5))
        assert torch.equal(book.sums[dead], book.codes[dead] * 1.5)
        read = nn.functional.normalize(x, dim=1) if kind == "cosine" else x
        for group, part in enumerate(read.view(200, quantizer.groups, -1).unbind(1)):
            revived = book.codes[group][dead[group]]
            assert (revived[:, None] == part[None]).all(-1).any(1).all()
            assert len(revived.unique(dim=0)) == len(revived)  # without replacement

    def test_other_steps_and_seeds_draw_others(self) -> None:
        x, of = vectors(200)[None], torch.zeros(5, dtype=torch.int64)

        def draw(seed: int, updates: int) -> Tensor:
            return drawn(x, of, torch.arange(5), seed=seed, updates=updates, share=None)

        assert torch.equal(draw(0, 0), draw(0, 0))
        assert not torch.equal(draw(0, 0), draw(0, 1))
        assert not torch.equal(draw(0, 0), draw(1, 0))


class TestTwoWorkers:
    @pytest.fixture(scope="class")
    def told(self, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, dict[str, Tensor]]]:
        folder = tmp_path_factory.mktemp("workers")
        processes.spawn(work, args=(str(folder),), nprocs=WORKERS)
        return [torch.load(folder / f"{rank}.pt") for rank in range(WORKERS)]

    @each_kind
    def test_equal_one(self, kind: str, told: list[dict[str, dict[str, Tensor]]]) -> None:
        alone, first = several_steps(kind, None), told[0][kind]
        assert alone.keys() == first.keys()
        for name, value in alone.items():
            scale = max(1.0, float(value.abs().max()))
            torch.testing.assert_close(
                first[name],
                value,
                rtol=1e-5,
                atol=1e-5 * scale,
                msg=lambda said, name=name: f"{name}: {said}",
            )

    @each_kind
    def test_hold_the_same_bits(self, kind: str, told: list[dict[str, dict[str, Tensor]]]) -> None:
        assert_equal_states(*(one[kind] for one in told))

    def test_codes_were_revived(self, told: list[dict[str, dict[str, Tensor]]]) -> None:
        """Or the above says nothing of it."""
        for kind in MOVING:
            assert (told[0][kind]["state stages.0.counts"] == THRESHOLD).any(), kind
