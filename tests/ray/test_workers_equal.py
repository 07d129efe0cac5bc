"""Several workers are one: on the same indices, N workers x B/N compute what one worker x B
computes.

Real processes, a real gloo group, the real loop; Ray is not needed for the arithmetic.
"""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from helpers import dataset, session, trial

from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits, GivenSplits
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import Shard, assemble, cut, whole_shard
from raylab.ports import free_port
from raylab.tasks.families import get_task
from raylab.training.comm import GroupComm
from raylab.training.loop import Training

pytestmark = pytest.mark.slow

WIDE = {"batch_size": 512, "max_steps": 6, "validate_every": 3}
VQVAE: dict[str, Any] = {
    "task": {"kind": "vqvae"},
    "model": {
        "window": 16,
        "stride": 3,
        "channels": [8, 8],
        "kernels": [5, 3],
        "strides": [1, 2],
        "norm_groups": 2,
        "code_dimension": 4,
    },
    "training": {"batch_size": 9, "max_steps": 6, "validate_every": 3, "device": "cpu"},
    "behaviour": {"label": "position"},
}
QUANTIZERS: dict[str, dict[str, Any]] = {
    "plain": {"codes": 16},
    "ema": {"codes": 16},
    "grouped_residual": {"codes": 8, "groups": 2},
    "fsq": {"levels": [4, 4]},
    "lfq": {"bits": 4},
}
DECODER: dict[str, Any] = {
    "task": {"kind": "decoder"},
    "training": {"batch_size": 31, "max_steps": 6, "validate_every": 3, "device": "cpu"},
}
DECODERS: dict[str, dict[str, Any]] = {
    "values": {
        "model": {"kind": "gru", "width": 8, "dropout": 0},
        "task": {"kind": "decoder", "label": "position"},
    },
    "classes": {
        "model": {"kind": "mlp", "hidden": [8], "dropout": 0},
        "task": {"kind": "decoder", "label": "choice"},
    },
    "graph": {
        "model": {"kind": "graph", "width": 8, "heads": 2, "dropout": 0},
        "input": {"window": 4},
    },
    "groups": {
        "model": {"kind": "tcn", "dropout": 0},
        "evaluation": {"per": "segment"},
        "input": {"pool": "mean"},
    },
    "shared": {
        "model": {"kind": "lstm", "width": 8, "dropout": 0},
        "sessions": {"combine": "padded"},
    },
}
CASES: dict[str, dict[str, Any]] = {
    "offset1": {"model": {"encoder": {"kind": "offset1", "hidden_units": 8}}},
    "offset10": {"model": {"encoder": {"kind": "offset10", "hidden_units": 8}}},
    "temperature": {"loss": {"learnable_temperature": True, "temperature": 0.5}},
    "euclidean": {"loss": {"similarity": "euclidean"}},
    "time_delta": {"sampling": {"conditional": "time_delta"}},
    "view": {"view": {"smoothing_ms": 300, "bin_ms": 200}},
    "odd_batch": {"training": {**WIDE, "batch_size": 101}},
    "some_units": {"view": {"selection": {"kind": "variance", "count": 3}, "resample_hz": 7}},
    "padded": {"sessions": {"combine": "padded"}},
    "less_data": {"sessions": {"training_fraction": 0.3}},
    "held_out": {
        "sessions": {"combine": "padded"}
    },  # on `held_out`, whose third session only validates
    "across": {
        "sampling": {"conditional": "time_delta", "positives": "across"},
        "loss": {"kind": "focal"},
    },
    "negatives": {
        "sampling": {"conditional": "hybrid", "behaviour_dimensions": 2, "negatives": 37}
    },
    "few_rows": {"training": {**WIDE, "batch_size": 2}},  # some worker owns none of a step's rows
    **{name: {**DECODER, **of} for name, of in DECODERS.items()},
    **{kind: {**VQVAE, "quantizer": {"kind": kind, **of}} for kind, of in QUANTIZERS.items()},
    "all_options": {
        "optimizer": {
            "kind": "adamw",
            "weight_decay": 0.1,
            "clip_norm": 0.1,
            "schedule": {"kind": "onecycle"},
        },
        "training": {
            **WIDE,
            "accumulate": 2,
            "early_stopping": {"patience": 1, "min_delta": 9.0},
            "max_steps": 9,
        },
    },
}
RESUMED: dict[str, dict[str, Any]] = {
    "all_options": CASES["all_options"],
    "ema": CASES["ema"],
    "values": {**CASES["values"], "model": {"kind": "gru", "width": 8, "dropout": 0.4}},
    "dropout": {
        "model": {"encoder": {"kind": "attention", "hidden_units": 8, "dropout": 0.3}},
        "augmentation": {"unit_dropout": 0.3},
        "optimizer": {"schedule": {"kind": "cosine", "warmup": 2}},
    },
}
# Tests of one worker count share a group of processes: importing torch is most of the time.
GROUP_S = 120


def config_of(case: str) -> TrialConfig:
    if case in QUANTIZERS or case in DECODERS:
        return parse_trial(CASES[case], "test")
    return trial(**{"training": WIDE, **{**CASES, **RESUMED}[case]})


def data_of(case: str, folder: Path) -> Dataset:
    return Dataset(folder / ("held_out" if case == "held_out" else "ds"))


def share(data: Dataset, config: TrialConfig, rank: int, workers: int) -> Shard:
    """What Ray Data would send to one worker; `test_shards.py` tests that it does."""
    left, right = get_task(config).receptive_field(config)
    shard: Shard = {}
    for name, whole in whole_shard(data, config.view, config.sessions).items():
        chunks = cut(whole.timeline, workers=workers, left=left, right=right)[rank]
        pieces = [whole.x[chunk.low : chunk.high].numpy() for chunk in chunks]
        shard[name] = assemble(whole.timeline, chunks, pieces, whole.fitted, whole.recording)
    return shard


def run(training: Training) -> dict[str, np.ndarray]:
    """Two rounds; everything that must agree."""
    found: dict[str, np.ndarray] = {}
    while not training.done:
        step = training.next_stop
        found[f"loss {step}"] = np.float64(training.advance())
        for name, parameter in training.model.named_parameters():
            assert parameter.grad is not None
            found[f"gradient {name} {step}"] = parameter.grad.numpy().copy()
        metrics = training.validate().metrics
        training.judge(metrics)
        found |= {f"{name} {step}": np.float64(value) for name, value in metrics.items()}
    return found | {
        f"weight {name}": value.numpy() for name, value in training.model.state_dict().items()
    }


def worker(rank: int, workers: int, port: int, path: str, out: str) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    try:
        dist.init_process_group("gloo", rank=rank, world_size=workers)
        for case in CASES:
            config, data = config_of(case), data_of(case, Path(path))
            found = run(Training(config, data, share(data, config, rank, workers), GroupComm()))
            np.savez(Path(out) / f"{case}-{rank}.npz", **found)  # type: ignore[arg-type]
        for case in RESUMED:
            config, data = config_of(case), data_of(case, Path(path))
            check_resuming(config, data, share(data, config, rank, workers), Path(out) / case)
        dist.destroy_process_group()
    except BaseException:
        (Path(out) / f"error-{rank}.txt").write_text(traceback.format_exc())
        raise


def check_resuming(config: TrialConfig, data: Dataset, shard: Shard, folder: Path) -> None:
    """Workers that are killed after a round and come back end where those that were not do, bit for
    bit.
    """
    straight, killed, resumed = (Training(config, data, shard, GroupComm()) for _ in range(3))
    run(straight)
    killed.advance()
    killed.judge(killed.validate().metrics)
    if killed.comm.rank == 0:
        killed.save(folder / "one.safetensors")
    dist.barrier()
    torch.manual_seed(123)  # a new process has another random state
    resumed.load(folder / "one.safetensors")
    run(resumed)
    assert 0 < killed.step < resumed.step == straight.step
    assert resumed.stopped == straight.stopped
    assert (resumed.stopped is not None) == (config.training.early_stopping is not None)
    for other, weights in (
        (straight.model.state_dict(), resumed.model.state_dict()),
        (straight.best, resumed.best),
    ):
        assert other.keys() == weights.keys()
        assert all(torch.equal(value, weights[name]) for name, value in other.items())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions with other numbers of units and many parts; one worker's border falls inside
    parts.
    """
    folder = tmp_path_factory.mktemp("equal")
    splits, sessions = BlockedSplits(blocks=12, gap_s=0.5), (("a", 900, 6), ("b", 500, 4))
    made = [
        session(name, samples=samples, units=units, seed=units) for name, samples, units in sessions
    ]
    dataset(folder / "ds", *made, splits=splits)
    given = {"train": np.array([[0, 300]]), "valid": np.array([[300, 400]])}
    trained = [session(name, given=given, seed=seed) for seed, name in enumerate("ab")]
    validated = session("c", units=3, given={"valid": np.array([[0, 400]])}, seed=2)
    dataset(folder / "held_out", *trained, validated, splits=GivenSplits())
    return folder


@pytest.fixture(scope="module", params=[2, 3])
def group(
    folder: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of what each of several workers found."""
    out, workers = tmp_path_factory.mktemp(f"workers{request.param}"), request.param
    arguments = (workers, free_port(), str(folder), str(out))
    processes = multiprocessing.start_processes(
        worker, arguments, nprocs=workers, join=False, start_method="spawn"
    )
    try:
        for process in processes.processes:
            process.join(GROUP_S)
        assert all(process.exitcode == 0 for process in processes.processes), next(
            out.glob("error-*")
        ).read_text()
    finally:
        for process in processes.processes:
            process.kill()
    return out


@pytest.mark.parametrize("case", CASES)
def test_several_workers_compute_what_one_computes(case: str, folder: Path, group: Path) -> None:
    config, data = config_of(case), data_of(case, folder)
    alone = run(Training(config, data, whole_shard(data, config.view, config.sessions)))
    scored = {"decoding.score 6"}
    if case not in DECODERS:
        scored |= (
            {"reconstruction.mse 6", "codes.usage 6"}
            if case in QUANTIZERS
            else {"goodness_of_fit 6"}
        )
    assert scored <= set(alone)
    ranks = sorted(group.glob(f"{case}-*.npz"))
    for rank, file in enumerate(ranks):
        found = dict(np.load(file))
        # Only the first worker scores; weights and gradients are everyone's.
        assert set(found) == {
            name for name in alone if rank == 0 or name.startswith(("loss", "gradient", "weight"))
        }
        for name, value in found.items():
            gradient = alone.get(name.replace("weight", "gradient", 1) + " 6")  # a buffer has none
            if name.startswith("weight") and gradient is not None and np.abs(gradient).max() < 1e-6:
                # a shift of all embeddings costs nothing in euclidean space: Adam scales up mere
                # rounding
                continue
            # Of two neighbours equally near, rounding chooses: decoding jumps where embeddings
            # differ by 1e-7. A choice of signs softened at a temperature of 1/100 makes rounding
            # larger by as much.
            off = 5e-3 if name.startswith("decoding") else 1e-4 if case == "lfq" else 1e-5
            np.testing.assert_allclose(
                value, alone[name], rtol=off, atol=off, err_msg=f"{name} of worker {rank}"
            )


def test_the_gradients_tested_are_no_zeros(folder: Path) -> None:
    """What is compared to 1e-5 is far larger than 1e-5."""
    config, data = config_of("offset10"), data_of("offset10", folder)
    found = run(Training(config, data, whole_shard(data, config.view)))
    assert all(
        np.abs(value).max() > 1e-3 for name, value in found.items() if name.startswith("gradient")
    )
