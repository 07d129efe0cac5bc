"""What raylab does on small inputs, written down: golden values that a change of the code's shape
must not change.

Everything goes through the command line and the files it writes, so the same module runs on any
version of raylab:

    python -m tests.golden.recording FOLDER     # records tests/golden/*.json and the stored
    examples into FOLDER
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

STORED = ("ds", "study", "vqvae-1", "decoder-1")  # examples kept in tests/golden/stored
IGNORED = shutil.ignore_patterns(
    "report.html", "figures", "checkpoint", "driver.lock", "process-*.json"
)
FAMILIES = ("contrastive", "vqvae", "decoder")
BASE = {
    "contrastive": {
        "model": {"encoder": {"kind": "offset10", "hidden_units": 8}, "output_dimension": 3},
        "sampling": {"conditional": "time", "time_offset": 2},
        "evaluation": {"bits_batch": 16},
    },
    "vqvae": {
        "model": {"window": 20, "channels": [8, 8, 8], "code_dimension": 8, "residual_blocks": 1},
        "quantizer": {"kind": "ema", "codes": 16},
    },
    "decoder": {"model": {"kind": "mlp", "width": 8}, "input": {"window": 5}},
}
TRAINING = {"max_steps": 20, "batch_size": 16, "validate_every": 10, "device": "cpu", "seed": 3}
RECIPE: dict[str, Any] = {
    "format": "npz",
    "neural": {"path": "x", "kind": "rate"},
    "time": {"rate_hz": 10},
    "labels": {
        "position": {"path": "position", "kind": "continuous", "unit": "m"},
        "heading": {"path": "heading", "kind": "circular", "unit": "rad"},
        "choice": {"path": "choice", "kind": "discrete"},
    },
    "splits": {"kind": "blocked", "blocks": 5, "fractions": [0.6, 0.2, 0.2]},
}


def raylab(home: Path, *arguments: str | Path) -> str:
    """Run a verb in this process, in the folder `home`; what it prints on standard output."""
    from raylab.cli import main as command

    output = io.StringIO()
    with contextlib.chdir(home), contextlib.redirect_stdout(output):
        command([str(argument) for argument in arguments])
    return output.getvalue()


def write_recordings(folder: Path) -> None:
    """Two small recordings as npz, their recipe, and the configs of three families."""
    (folder / "rats").mkdir(parents=True)
    for seed, name in enumerate(("anna", "bert")):
        random = np.random.default_rng(seed)
        phase = np.cumsum(0.1 + 0.05 * random.random(400))
        position = np.sin(phase / 2)
        drive = np.stack([position, np.sin(phase), np.cos(phase)], axis=1) @ random.normal(
            size=(3, 6)
        )
        np.savez(
            folder / "rats" / f"{name}.npz",
            x=(drive + 0.2 * random.normal(size=drive.shape)).astype(np.float32),
            position=position,
            heading=np.mod(phase, 2 * np.pi),
            choice=(position > 0).astype(np.int64),
        )
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE, sort_keys=False))
    for family in FAMILIES:
        config = {
            "task": {"kind": family, "label": "position"},
            "training": TRAINING,
            **BASE[family],
        }
        (folder / f"{family}.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    space = {
        "task": {"kind": "contrastive", "label": "position"},
        "objective": {"metric": "decoding.score"},
        "base": {
            **{f"training.{key}": value for key, value in TRAINING.items()},
            "model.encoder.hidden_units": 8,
        },
        "search": {
            "loss.temperature": {"float": [0.1, 2.0], "log": True},
            "model.output_dimension": {"int": [2, 4]},
            "model.encoder.kind": {"categorical": ["offset1", "offset5"]},
        },
        "sampler": {"kind": "tpe", "seed": 1},
        "budget": {"trials": 3},
        "resources": {"cpus": 1, "concurrent": 1},
    }
    (folder / "space.yaml").write_text(yaml.safe_dump(space, sort_keys=False))


def prepare_datasets(home: Path) -> None:
    """Three datasets: two recordings with a recipe, synthetic calcium, synthetic spikes."""
    raylab(home, "prepare", "rats", "--recipe", "recipe.yaml", "--out", "ds")
    raylab(home, "synth", "calcium", "--sessions", "1", "--samples", "900")
    raylab(home, "prepare", "calcium", "--out", "calcium-ds")
    shape = ("--units", "12", "--scenes", "4", "--presentations", "6")
    raylab(home, "synth", "spikes", "--kind", "neuropixels", "--sessions", "1", *shape)
    raylab(home, "prepare", "spikes", "--recipe", "synthetic_neuropixels", "--out", "spikes-ds")


def fingerprints(home: Path) -> dict[str, str]:
    """Of version 1: the hash of the ids of sessions and of the hashes of their files."""
    return {name: _first_version(manifest["sessions"]) for name, manifest in _manifests(home)}


def second_fingerprints(home: Path) -> dict[str, str]:
    """Of version 2, which `prepare` states since it covers what the arrays mean, too."""
    return {name: manifest["fingerprint"] for name, manifest in _manifests(home)}


def _manifests(home: Path) -> list[tuple[str, dict[str, Any]]]:
    names = ("ds", "calcium-ds", "spikes-ds")
    return [(name, json.loads((home / name / "manifest.json").read_text())) for name in names]


def _first_version(sessions: list[dict[str, Any]]) -> str:
    content = [[entry["id"], entry["sha256"], entry["split_sha256"]] for entry in sessions]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def trained(home: Path, family: str, workers: int) -> dict[str, Any]:
    """One short trial: the hash of its final weights, its scores, and the size and sum of each
    weight.
    """
    out = f"{family}-{workers}"
    raylab(home, "train", f"{family}.yaml", "--data", "ds", "--out", out, "--workers", str(workers))
    rows = json.loads(raylab(home, "leaderboard", out, "--json"))
    return {**weights(home / out / "trials" / "0000" / "model"), "score": rows[0]["score"],
            "metrics": _steady(rows[0]["metrics"])}  # fmt: skip


def weights(model: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    digest, sizes = hashlib.sha256(), {}
    for file in sorted(model.rglob("*.safetensors")):
        for name, value in sorted(load_file(file).items()):
            digest.update(
                name.encode() + str(value.shape).encode() + np.ascontiguousarray(value).tobytes()
            )
            sizes[name] = [list(value.shape), float(np.abs(value.astype(np.float64)).sum())]
    return {"hash": digest.hexdigest(), "weights": sizes}


def helps() -> dict[str, str]:
    """The text of `--help` of the command and of every verb, 100 columns wide."""
    import click

    from raylab.cli import cli

    context = click.Context(cli, info_name="raylab", terminal_width=100, max_content_width=100)
    verbs = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {"": cli.get_help(context)} | {
        name: verb.get_help(click.Context(verb, parent=context, info_name=name, terminal_width=100))
        for name, verb in sorted(verbs.items())
        if verb is not None
    }


def outputs(home: Path) -> dict[str, Any]:
    """What `--json` prints of inspect, plan and leaderboard (of one study and of several), without
    times.
    """
    commands = {
        "inspect": ("inspect", "ds", "--json"),
        "inspect raw": ("inspect", "rats", "--recipe", "recipe.yaml", "--json"),
        "plan": ("plan", "space.yaml", "--data", "ds", "--no-probe", "--json"),
        "leaderboard": ("leaderboard", "study", "--json"),
        "ranking": (
            "leaderboard",
            "contrastive-1",
            "vqvae-1",
            "decoder-1",
            "--label",
            "position",
            "--json",
        ),
    }
    return {name: _steady(json.loads(raylab(home, *command).replace(str(home), "HOME")))
            for name, command in commands.items()}  # fmt: skip


# What differs from run to run or from machine to machine.
_UNSTEADY = re.compile(
    r"(?i)seconds|steps_per_s|_s$|^time|hours|nodes|memory|disk|free|cluster|concurren|slots|per_hour|bytes|created"
)


def _steady(value: Any) -> Any:
    """The value without times and machines."""
    if isinstance(value, dict):
        return {key: _steady(entry) for key, entry in value.items() if not _UNSTEADY.search(key)}
    return [_steady(entry) for entry in value] if isinstance(value, list) else value


def processor() -> str:
    """What decides whether floating-point results are equal to the bit."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    flags = {flag for line in re.findall(r"flags\s*:\s*(.*)", text)[:1] for flag in line.split()}
    vector = sorted(flags & {"avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile"})
    vendor = re.search(r"vendor_id\s*:\s*(\S+)", text)
    blas = os.environ.get("OPENBLAS_CORETYPE", "")
    return " ".join([platform.machine(), vendor.group(1) if vendor else "", *vector, blas]).strip()


def steps(home: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is recorded, in order: each step needs those before it."""
    yield (
        "fingerprints",
        lambda: (write_recordings(home), prepare_datasets(home), fingerprints(home))[-1],
    )
    yield "second fingerprints", lambda: second_fingerprints(home)
    for family in FAMILIES:
        for workers in (1, 2):
            yield f"{family}-{workers}", lambda f=family, w=workers: trained(home, f, w)
    yield (
        "outputs",
        lambda: (
            raylab(home, "search", "space.yaml", "--data", "ds", "--out", "study"),
            outputs(home),
        )[-1],
    )
    yield "help", helps


def main(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(parents=True)
    os.environ["RAYLAB_HOME"] = str(home)
    golden: dict[str, Any] = {"processor": processor()}
    for name, record in steps(home):
        golden[name] = record()
        print(name, flush=True)
    text = json.dumps(golden, indent=1, sort_keys=True)
    (folder / "golden.json").write_text(text + "\n")
    for name in STORED:
        shutil.copytree(home / name, folder / "stored" / name, ignore=IGNORED)
    for file in (folder / "stored").rglob("*.json*"):
        file.write_text(file.read_text().replace(str(home), "HOME"))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
