"""Prepared datasets whose manifest or session files lie."""

from __future__ import annotations

import copy
import functools
import json
import struct
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from raylab.config.splits import ChronologicalSplits, FiltersConfig
from raylab.config.view import ViewConfig
from raylab.data.dataset import MANIFEST, Dataset
from raylab.data.preparation.writing import store_session, store_split, write_manifest
from raylab.data.session import Label, Session
from raylab.data.splitting.splits import make_parts
from raylab.data.views.view import make_timeline, view_activity
from raylab.files import safe_name, write_tensors
from tests.fuzz.damage import damage
from tests.fuzz.odd_arrays import Generator, oddity

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2,
    10**12,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../../secret/secret.h5",
    "/etc/passwd",
    "sessions/../../secret/secret.bin",
    "sessions/rat.safetensors",
    "a" * 5000,
    "\x1b[31m",
    "\ud800",
    [],
    {},
    [1],
    [[0, 1]],
    {"a": 1},
    "F64",
    "O",
    "BOOL",
    [2**62, 4],
    [-1, 3],
    [0, 10**12],
    [8, 0],
    [40, 3],
    ["rat", "rat"],
)
HEADERS: tuple[bytes, ...] = (
    b"[" * 50_000,
    b"{}",
    b"[]",
    b"null",
    b'{"neural": null}',
    b'{"neural": {"dtype": [], "shape": 1, "data_offsets": 2}}',
    b'{"neural": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 0]}}',
    b"\xff\xfe",
    b"9" * 5000,
)


@functools.cache
def whole() -> dict[str, bytes]:
    """The files of a small dataset of two sessions, by their names."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store(folder, _session("rat", 0), _session("mouse", 1))
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


def store(folder: Path, *sessions: Session) -> None:
    """A prepared dataset of `sessions`, as `prepare` writes it."""
    config, entries = ChronologicalSplits(), []
    for one in sessions:
        names = {"name": safe_name(one.id), "source": "rat"}
        parts = make_parts(one, config, source="rat")
        entries.append(
            store_session(folder, one, **names)
            | store_split(folder, one, parts, FiltersConfig(), **names)
        )
    write_manifest(folder, entries, recipe=None, splits=config.model_dump(mode="json"))


def _session(name: str, seed: int) -> Session:
    generator = np.random.default_rng(seed)
    return Session(
        id=name,
        neural=generator.normal(size=(60, 3)).astype(np.float32),
        kind="rate",
        time=np.arange(60) / 10.0,
        rate_hz=10.0,
        segments=np.array([[0, 30], [30, 60]]),
        labels={
            "speed": Label.continuous(generator.normal(size=(60, 2))),
            "side": Label.discrete(np.arange(60) % 3),
        },
        groups={"trial": np.arange(60) // 10},
        units={"depth": np.arange(3)},
    )


def odd_dataset(folder: Path, generator: Generator) -> str:
    """A dataset in `folder` with lies in one of its files; what was changed."""
    files = dict(whole())
    name = str(generator.choice(list(files))) if generator.random() < 0.5 else MANIFEST
    kind = "bytes"
    if generator.random() < 0.3:
        files[name] = damage(files[name], generator, files[str(generator.choice(list(files)))])
    elif name == MANIFEST:
        kind, files[name] = "manifest", _odd_json(json.loads(files[name]), generator)
    elif generator.random() < 0.5:
        kind, files[name] = "header", _odd_header(files[name], generator)
    else:
        kind, files[name] = "tensors", _odd_tensors(files[name], generator)
    for place, raw in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(raw)
    if generator.random() < 0.03:
        (folder / str(generator.choice(list(files)))).unlink()
    return kind


def _odd_json(value: Any, generator: Generator) -> bytes:
    value = copy.deepcopy(value)
    for _ in range(int(generator.integers(1, 4))):
        _exchange(value, generator)
    return json.dumps(value).encode()


def _exchange(tree: Any, generator: Generator) -> None:
    """Go down at random; put an odd value there, or take the key away."""
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    if not keys:
        return
    key = keys[generator.integers(len(keys))]
    if isinstance(tree[key], (dict, list)) and tree[key] and generator.random() < 0.85:
        _exchange(tree[key], generator)
    elif generator.random() < 0.2:
        del tree[key]
    else:
        tree[key] = deepcopy(VALUES[generator.integers(len(VALUES))])


def _odd_header(raw: bytes, generator: Generator) -> bytes:
    length = struct.unpack("<Q", raw[:8])[0]
    header = HEADERS[generator.integers(len(HEADERS))]
    if generator.random() < 0.8:
        header = _odd_json(json.loads(raw[8 : 8 + length]), generator)
    stated = (
        len(header) if generator.random() < 0.9 else int(generator.choice([0, 7, 2**31, 2**63]))
    )
    return struct.pack("<Q", stated) + header + raw[8 + length :]


def _odd_tensors(raw: bytes, generator: Generator) -> bytes:
    """Whole files with other arrays."""
    from safetensors.numpy import load

    found: dict[str, Any] = load(raw)
    for _ in range(int(generator.integers(1, 3))):
        name = str(generator.choice(list(found)))
        if generator.random() < 0.15:
            del found[name]
            continue
        value = np.ascontiguousarray(oddity(found[name], generator))
        if value.dtype.kind in "iufb" and value.dtype.itemsize <= 8 and value.dtype.isnative:
            found[name] = value
    with tempfile.TemporaryDirectory() as folder:
        write_tensors(Path(folder) / "x", found)
        return (Path(folder) / "x").read_bytes()


def use_dataset(folder: Path) -> list[np.ndarray]:
    """All that trials read of a dataset; its arrays."""
    made = Dataset(folder)
    found: list[np.ndarray] = []
    assert made.fingerprint
    for name in made.sessions:
        recording = made.open(name)
        timeline = make_timeline(recording, ViewConfig(bin_ms=200))
        with np.errstate(
            all="ignore"
        ):  # numbers themselves are not checked before a trial uses them
            activity, _ = view_activity(recording, ViewConfig(bin_ms=200, zscore=False))
        session = made.recorded(name)
        found += [
            activity,
            timeline.samples,
            np.array(session.neural),
            np.array(session.time),
            made.kept_units(name),
        ]
        found += [
            np.array(label.values)
            for label in (*recording.labels.values(), *session.labels.values())
        ]
        found += [np.array(column) for column in session.units.values()]
    assert made.labels is not None
    return found
