"""HDF5 files (and so MATLAB 7.3, NWB and torch_brain files) changed in place: links, storage,
sizes, types.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.fuzz.bombs import zlib_bomb
from tests.fuzz.odd_arrays import NUMBERS, TEXTS, Generator, oddity

Change = Callable[[h5py.File, Generator, Path], None]


def _names(file: h5py.File, kind: type) -> list[str]:
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, kind) else None)
    return [name for name in found if not name.startswith("specifications")]


def _any(file: h5py.File, generator: Generator, kind: type = h5py.Dataset) -> str:
    """A name; half the time one that the recipes read."""
    names = _names(file, kind)
    likely = [
        name
        for name in names
        if name.split("/")[-1] in ("traces", "df_over_f", "time", "timestamps", "data")
    ]
    return str(generator.choice(likely if likely and generator.random() < 0.5 else names))


def _replace(file: h5py.File, name: str, **creation: Any) -> h5py.Dataset:
    attributes = {key: _or_none(file[name].attrs, key) for key in file[name].attrs}
    del file[name]
    made = file.create_dataset(name, **creation)
    for key, value in attributes.items():
        if value is not None:
            made.attrs[key] = value
    return made


def _or_none(attributes: Any, key: str) -> Any:
    try:
        return attributes[key]
    except Exception:
        return None


def _own(dataset: h5py.Dataset) -> bool:
    """Whether its values can be read here: stored in this file, plain and few. The maker of odd
    files must not fall for one of its own.
    """
    plain = not (dataset.compression or dataset.external or dataset.is_virtual)
    return plain and dataset.dtype.kind in "biuf" and (dataset.size or 0) < 10**5


def array(file: h5py.File, generator: Generator, secrets: Path) -> None:
    name = _any(file, generator)
    value = np.asarray(oddity(file[name][()] if _own(file[name]) else np.arange(4), generator))
    if value.dtype.kind == "U":
        value = np.char.encode(value, "utf-8", "ignore")
    if value.dtype.kind not in "Mm":
        _replace(file, name, data=value)


def remove(file: h5py.File, generator: Generator, secrets: Path) -> None:
    del file[_any(file, generator, h5py.Group if generator.random() < 0.5 else h5py.Dataset)]


def attribute(file: h5py.File, generator: Generator, secrets: Path) -> None:
    item = file if generator.random() < 0.3 else file[_any(file, generator, h5py.Group)]
    if not len(item.attrs):
        item = file[_any(file, generator)]
    keys = list(item.attrs) or ["object"]
    key = str(generator.choice(keys))
    made: list[Any] = [
        NUMBERS[generator.integers(len(NUMBERS))],
        np.zeros(0),
        np.arange(5.0),
        "Data",
        "h5py",
        3,
        b"\xff",
    ]
    made += [text.replace("\0", "") for text in TEXTS] + [
        h5py.Empty("f8"),
        item.ref,
        np.arange(4000),
    ]
    if key in item.attrs:
        del item.attrs[key]
    if generator.random() < 0.8:
        item.attrs[key] = made[generator.integers(len(made))]


def huge(file: h5py.File, generator: Generator, secrets: Path) -> None:
    """10^10 to 10^12 declared values, none of them stored."""
    shapes = ((10**12,), (10**6, 10**6), (10**10, 1), (40, 10**9), (10**5, 10**5, 10**2))
    shape = shapes[generator.integers(len(shapes))]
    kind = str(generator.choice(["f8", "i1", "S100"]))
    _replace(
        file,
        _any(file, generator),
        shape=shape,
        chunks=tuple(min(n, 1000) for n in shape),
        dtype=kind,
    )


def growing(file: h5py.File, generator: Generator, secrets: Path) -> None:
    """A chunk of 1000 declared values that expands to gigabytes."""
    made = _replace(
        file,
        _any(file, generator),
        shape=(1000,),
        chunks=(1000,),
        dtype="f8",
        maxshape=(None,),
        compression="gzip",
    )
    made.id.write_direct_chunk((0,), zlib_bomb(b"", 2 * 2**30))


def external_link(file: h5py.File, generator: Generator, secrets: Path) -> None:
    name = _any(file, generator, h5py.Group if generator.random() < 0.3 else h5py.Dataset)
    del file[name]
    target = secrets / "secret.h5" if generator.random() < 0.7 else Path("/etc/passwd")
    file[name] = h5py.ExternalLink(str(target), str(generator.choice(["/traces", "/secret", "/"])))


def external_storage(file: h5py.File, generator: Generator, secrets: Path) -> None:
    stored = [(str(secrets / "secret.bin"), 0, h5py.h5f.UNLIMITED)]
    name = _any(file, generator)
    shape = file[name].shape if file[name].ndim and max(file[name].shape) <= 40 else (40, 3)
    _replace(file, name, shape=shape, dtype="f8", external=stored)


def virtual(file: h5py.File, generator: Generator, secrets: Path) -> None:
    name = _any(file, generator)
    layout = h5py.VirtualLayout(shape=(40, 3), dtype="f8")
    inside = generator.random() < 0.3
    layout[:] = h5py.VirtualSource(
        "." if inside else str(secrets / "secret.h5"), "traces", shape=(40, 3)
    )
    del file[name]
    file.create_virtual_dataset(name, layout)


def soft_link(file: h5py.File, generator: Generator, secrets: Path) -> None:
    name = _any(file, generator)
    del file[name]
    file[name] = h5py.SoftLink(
        str(generator.choice([f"/{name}", "/", "/nowhere", "../x", "/traces"]))
    )


def hard_loop(file: h5py.File, generator: Generator, secrets: Path) -> None:
    group = file[_any(file, generator, h5py.Group)]
    group["loop"] = file["/"]


def strange_type(file: h5py.File, generator: Generator, secrets: Path) -> None:
    name = _any(file, generator)
    rows = 40
    compound = np.zeros(rows, [("a", "f8"), ("b", "S4")])
    enumerated = np.zeros(rows, h5py.enum_dtype({"A": 0, "B": 1}, basetype="i"))
    opaque = np.zeros(rows, "V16")
    ragged = np.array([np.arange(i % 4) for i in range(rows)], object)
    made: list[dict[str, Any]] = [
        {"data": compound},
        {"data": enumerated},
        {"data": opaque},
        {"data": np.zeros(rows, "M8[s]").astype(h5py.opaque_dtype(np.dtype("M8[s]")))},
        {"data": np.array([file.ref] * rows, h5py.ref_dtype), "dtype": h5py.ref_dtype},
        {"data": ragged, "dtype": h5py.vlen_dtype(np.dtype("i4"))},
        {"data": h5py.Empty("f8")},
        {"data": ["text", "\u00b2", "x" * 3000, ""] * (rows // 4)},
        {"data": np.zeros((rows, 2), np.dtype(("f4", (3,))))},
        {"data": np.zeros(rows, "f2")},
        {"data": np.zeros(rows, np.bool_)},
        {"data": np.array([b"\xff\xfe"] * rows)},
        {"data": np.zeros(rows, "c8")},
    ]
    _replace(file, name, **made[generator.integers(len(made))])


def odd_name(file: h5py.File, generator: Generator, secrets: Path) -> None:
    source = _any(file, generator)
    new = ("x\u00b2" + "7" * 5000, "a/./b", "\x1b[31mred", "z" * 60000, "\u202eabc", "trace*[s]")
    file[source.rsplit("/", 1)[0] + "/" + new[generator.integers(len(new))]] = file[source]


CHANGES: tuple[Change, ...] = (
    array,
    array,
    array,
    array,
    remove,
    remove,
    attribute,
    attribute,
    attribute,
    huge,
    growing,
    external_link,
    external_storage,
    virtual,
    soft_link,
    hard_loop,
    strange_type,
    strange_type,
    strange_type,
    odd_name,
)


def odd_hdf5(path: Path, generator: Generator, secrets: Path) -> None:
    """One to three changes of the file at `path`."""
    with h5py.File(path, "r+") as file:
        for _ in range(int(generator.choice([1, 1, 2, 3]))):
            change = CHANGES[generator.integers(len(CHANGES))]
            try:
                change(file, generator, secrets)
            except (ValueError, TypeError, KeyError, OSError, RuntimeError):
                continue  # an earlier change left nothing that this one could take hold of
