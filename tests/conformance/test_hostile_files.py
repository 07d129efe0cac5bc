"""Files that break parsers or want more than to be read. Each case was once a crash, a leak or a
traceback.
"""

from __future__ import annotations

import gzip
import json
import pickle
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pytest
import scipy.io
from helpers import dataset

from raylab.data.dataset import Dataset
from raylab.data.load_recipe import load_recipe
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import Recipe, parse_recipe
from raylab.data.session import Session
from raylab.data.synth import write_session
from raylab.errors import ConfigError, DataError, RaylabError
from raylab.files import map_tensors, safe_name

SAMPLED = {"neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 10}}
SECRET = 31337.0
RECONSTRUCT = np._core.multiarray._reconstruct


def recipe(**value: Any) -> Recipe:
    return parse_recipe({**SAMPLED, **value}, "test")


def read(path: Path, **value: Any) -> Session:
    found = recipe(**value)
    return read_source(list_sources(path, found)[0], found)


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays may take a megabyte."""
    monkeypatch.setenv("RAYLAB_MAX_ARRAY_GB", "0.001")


# -- pickles that name nothing but numpy -----------------------------------------------------------


class Call:
    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.call


def forged(*state: Any) -> Call:
    return Call(np.dtype, "V8", False, True, state=state)


FAR = forged(
    3, "|", None, ("a",), {"a": (np.dtype("f8"), 10**9)}, 8, 1, 0
)  # a field outside its item
POINTER = forged(
    3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0
)  # bytes read as the address of an object
WIDE = forged(
    3, "|", (np.dtype("f8"), (10**6,)), None, None, 8, 1, 0
)  # 8 bytes that are a million numbers


@pytest.mark.parametrize("dtype", [FAR, POINTER, WIDE, np.dtype("O")])
@pytest.mark.parametrize("how", ["array", "scalar", "buffer"])
def test_forged_dtypes_reach_no_memory(tmp_path: Path, dtype: Any, how: str) -> None:
    state = (1, (20,), dtype, False, b"A" * 160)
    made = {
        "array": Call(RECONSTRUCT, np.ndarray, (0,), b"b", state=state),
        "scalar": Call(np._core.multiarray.scalar, dtype, b"A" * 8),
        "buffer": Call(np._core.numeric._frombuffer, b"A" * 160, dtype, (20,), "C"),
    }
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"x": made[how]}))
    with pytest.raises(DataError, match=r"a\.pkl"):
        read(tmp_path / "a.pkl", format="joblib")


@pytest.mark.parametrize(
    "call",
    [
        Call(np.ndarray, (10**10,), "f8"),
        Call(np.ndarray, (4,), "O"),
        Call(
            RECONSTRUCT,
            np.ndarray,
            (10**12,),
            b"b",
            state=(1, (10**12,), np.dtype("f8"), False, b""),
        ),
        Call(bytearray, 10**11),
    ],
)
def test_memory_is_not_reserved_because_a_pickle_asks(tmp_path: Path, call: Call) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"x": call}))
    with pytest.raises(DataError, match=r"a\.pkl: not readable as joblib"):
        read(tmp_path / "a.pkl", format="joblib")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_pickles_of_arrays_are_read(tmp_path: Path, protocol: int) -> None:
    found: dict[str, Any] = {
        "x": np.arange(12.0).reshape(6, 2),
        "f": np.asfortranarray(np.arange(6, dtype=">i4").reshape(3, 2)),
        "day": np.array(["2020-01-01"], "M8[D]"),
        "rows": np.zeros(2, [("a", "f4"), ("b", "i8", (2,))]),
        "one": np.float32(1.5),
    }
    if protocol > 2:  # which calls `bytes` for these
        found |= {"none": np.zeros((0, 3)), "raw": bytearray(b"ab")}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(found, protocol=protocol))
    from raylab.data.readers.formats.joblib import open_joblib

    store = open_joblib(tmp_path / "a.pkl")
    for name in found.keys() - {"raw"}:
        np.testing.assert_array_equal(store.read(name), found[name])
        assert store.read(name).dtype == np.asarray(found[name]).dtype


def test_containers_that_hold_themselves_end(tmp_path: Path) -> None:
    endless: list[Any] = []
    endless.append(endless)
    doubled: Any = [None]
    for _ in range(40):
        doubled = [doubled, doubled]
    for value in (endless, doubled):
        (tmp_path / "a.pkl").write_bytes(pickle.dumps({"x": value}))
        with pytest.raises(DataError, match="without end"):
            read(tmp_path / "a.pkl", format="joblib")


# -- files that lead to other files ----------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.full((40, 3), SECRET)
    (tmp_path / "secret.bin").write_bytes(np.full(120, SECRET).tobytes())
    return tmp_path


def put_foreign(file: h5py.File, name: str, kind: str, secret: Path) -> None:
    if name in file:
        del file[name]
    if kind == "link":
        file[name] = h5py.ExternalLink(str(secret / "secret.h5"), "/x")
    elif kind == "storage":
        file.create_dataset(
            name, (40, 3), "f8", external=[(str(secret / "secret.bin"), 0, h5py.h5f.UNLIMITED)]
        )
    else:
        layout = h5py.VirtualLayout((40, 3), "f8")
        layout[:] = h5py.VirtualSource(str(secret / "secret.h5"), "x", (40, 3))
        file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("link", "another file"), ("storage", "another file"), ("virtual", "another file")],
)
@pytest.mark.parametrize("format_name", ["hdf5", "mat"])
def test_hdf5_reads_its_own_file_only(secret: Path, format_name: str, kind: str, said: str) -> None:
    with h5py.File(secret / "a.h5", "w") as file:
        put_foreign(file, "x", kind, secret)
    with pytest.raises(DataError, match=said):
        read(secret / "a.h5", format=format_name)


@pytest.mark.parametrize("kind", ["link", "storage", "virtual"])
def test_libraries_that_follow_links_are_not_given_any(secret: Path, kind: str) -> None:
    import datetime

    from pynwb import NWBHDF5IO, NWBFile, TimeSeries

    brain = write_session(secret / "500.h5", samples=200, units=3)
    file = NWBFile("test", "a", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    file.add_acquisition(TimeSeries(name="x", data=np.ones((40, 3)), unit="none", rate=10.0))
    with NWBHDF5IO(str(secret / "a.nwb"), "w") as io:
        io.write(file, cache_spec=False)
    for path, place in (
        (brain, "calcium_traces/df_over_f"),
        (secret / "a.nwb", "acquisition/x/data"),
    ):
        with h5py.File(path, "r+") as opened:
            put_foreign(opened, place, kind, secret)
    with pytest.raises(DataError, match="another file"):
        read(secret / "a.nwb", format="nwb", neural={"path": "acquisition/x/data", "kind": "rate"})
    with pytest.raises(DataError, match="another file"):
        read_source(Source(brain))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"files": "../*.npz"}, "a pattern inside the folder"),
        ({"files": "/etc/*"}, "a pattern inside the folder"),
        (
            {"files": "*_a.npz", "companions": {"b": "../*_b.npz"}},
            "the name of a file in the same folder",
        ),
        (
            {"files": "*_a.npz", "companions": {"b": "/etc/passwd"}},
            "the name of a file in the same folder",
        ),
    ],
)
def test_recipes_stay_in_the_folder(value: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        recipe(format="npz", **value)


# -- small files with large arrays -----------------------------------------------------------------


def declared(path: Path) -> Path:
    """10^12 values that an HDF5 file states and does not store."""
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**6, 10**6), "f8", chunks=(100, 100))
    return path


def stated(path: Path) -> Path:
    header = (
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': {(10**6, 10**6)}}}".ljust(117) + "\n"
    )
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
        )
    return path


def packed_npz(path: Path) -> Path:
    with path.open("wb") as file:
        np.savez_compressed(file, x=np.zeros((10**6, 4)))
    return path


def packed_mat(path: Path) -> Path:
    scipy.io.savemat(path, {"x": np.zeros((10**6, 4))}, do_compression=True)
    return path


def packed_joblib(path: Path) -> Path:
    path.write_bytes(gzip.compress(pickle.dumps({"x": bytes(10**7)})))
    return path


def packed_array(path: Path) -> Path:
    joblib.dump({"x": np.zeros((10**6, 4))}, path, compress=("xz", 3))
    return path


def long_table(path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": np.zeros(10**6)}), path)
    return path


def long_text(path: Path) -> Path:
    """One text of 100 kB in 1000 rows: four bytes a letter and row as an array."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    words = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(1000, np.int32)), pa.array(["y" * 10**5])
    )
    pq.write_table(pa.table({"x": words}), path, store_schema=False)
    return path


@pytest.mark.parametrize(
    ("format_name", "make"),
    [
        ("hdf5", declared),
        ("npz", stated),
        ("npz", packed_npz),
        ("mat", packed_mat),
        ("joblib", packed_joblib),
        ("joblib", packed_array),
        ("parquet", long_table),
        ("parquet", long_text),
    ],
)
def test_size_is_asked_before_memory_is_taken(
    tmp_path: Path, small: None, format_name: str, make: Any
) -> None:
    path = make(tmp_path / "a.bin")
    with pytest.raises(
        DataError, match=r"a\.bin.* takes .* GB of memory, the limit is 0\.0 GB"
    ) as error:
        read(path, format=format_name)
    assert "RAYLAB_MAX_ARRAY_GB" in error.value.remedy


def test_torch_brain_sizes_are_asked_too(tmp_path: Path, small: None) -> None:
    with pytest.raises(DataError, match="takes"):
        read_source(Source(write_session(tmp_path / "a.h5", samples=4000, units=80)))


def test_the_limit_is_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYLAB_MAX_ARRAY_GB", "lots")
    path = npz(tmp_path / "a.npz", x=np.ones((4, 2)))
    for reader in (read_source, read_isolated):
        with pytest.raises(ConfigError, match="RAYLAB_MAX_ARRAY_GB=lots"):
            reader(Source(path), recipe(format="npz"))
    monkeypatch.setenv("RAYLAB_MAX_ARRAY_GB", "inf")
    assert read_isolated(Source(path), recipe(format="npz")).neural.shape == (4, 2)


def test_spike_counts_that_no_memory_holds(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "a.npz", t=[0.1, np.nan, np.inf, 3e11], u=[1, 2, 1, 1], k=[0, 1, 2, np.nan]
    )
    spikes = {"times": "t", "units": "u", "bin_s": 1.0}
    with pytest.raises(DataError, match="spike counts takes"):
        read_spikes(path, spikes)
    with pytest.raises(DataError, match="far beyond any recording"):
        read_spikes(path, {**spikes, "bin_s": 1e-9})
    with pytest.raises(DataError, match="not whole numbers"):
        read_spikes(path, {**spikes, "trials": "k", "window": [0, 4]})


def read_spikes(path: Path, spikes: dict[str, Any], **value: Any) -> Session:
    found = parse_recipe({"format": path.suffix[1:], "spikes": spikes, **value}, "test")
    return read_source(Source(path), found)


# -- YAML ------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "a: &a {b: *a}",
        "[" * 2000 + "]" * 2000,
        "a: !!float x",
        "a: !!timestamp x",
        "a: !!bool x",
        "a: " + "9" * 5000,
        "!!python/object/apply:os.system ['true']",
        "a: !!int ''",
    ],
)
def test_yaml_that_cannot_be_a_recipe(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"a\.yaml: not valid YAML"):
        load_recipe(tmp_path / "a.yaml")


def test_aliases_that_stay_small_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("format: npz\nneural: {path: x, kind: rate}\ntime: {rate_hz: "
                                     "1}\nlabels: {a: &l {path: y, kind: discrete}, b: "
                                     "*l}\n")  # fmt: skip
    assert load_recipe(tmp_path / "a.yaml").labels["b"].path == "y"


@pytest.mark.parametrize(
    "value",
    [
        {"bin": 10**30},
        {"labels": {"y": {"path": "y", "kind": "discrete", "columns": []}}},
        {"segments": {"length": "{n}"}},
        {"segments": {"length": 10**30}},
    ],
)
def test_numbers_that_numpy_cannot_hold(value: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="test: "):
        recipe(format="npz", **value)


# -- values that are no recording ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\x1b[31m", "b\u202e", "n" * 500])
def test_names_can_be_printed(tmp_path: Path, name: str) -> None:
    path = npz(tmp_path / "a.npz", x=np.ones((4, 2)), name=np.array(name))
    with pytest.raises(DataError, match=r"`session\.id_path` holds no name"):
        read(path, format="npz", session={"id_path": "name"})


@pytest.mark.parametrize("name", ["n" * 5000, "\u0663" * 200])
def test_any_id_is_a_file_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f".{safe_name(name)}.safetensors.0123").touch()
    assert safe_name(name) != safe_name(name + "x")


def test_errors_can_be_printed() -> None:
    error = DataError("a\x1b[31mred" + "b" * 10**6 + "\nend", "c\x00" * 10**5)
    assert error.what.startswith("a\\x1b[31mred")
    assert error.what.endswith("b\nend")
    assert len(str(error)) < 3000
    assert str(error).replace("\n", "").isprintable()


def test_a_clock_that_reaches_infinity(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", x=np.ones((4, 2)), t=[0.0, 1.0, 2.0, np.inf])
    with pytest.raises(DataError, match="one stamp is no number: 3 is inf"):
        read(path, format="npz", time={"path": "t"})


def test_splits_that_end_before_they_start(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "a.npz", x=np.ones((6, 2)), back=[[0.3, 0.1]], none=[[0.11, 0.15], [0.2, 0.4]]
    )
    with pytest.raises(DataError, match=r"given\.train.*end before they start"):
        read(path, format="npz", given={"train": "back"})
    session = read(path, format="npz", given={"train": "none"})
    assert session.given is not None
    assert session.given["train"].tolist() == [[2, 4]]


@pytest.mark.parametrize(
    ("array", "value"),
    [
        (np.array(3), {"units": {"depth": "y"}}),
        (np.zeros(4, "V8"), {"labels": {"y": {"path": "y", "kind": "discrete"}}}),
        (np.zeros((4, 0)), {"labels": {"y": {"path": "y", "kind": "continuous"}}}),
    ],
)
def test_arrays_of_no_use_are_named(
    tmp_path: Path, array: np.ndarray, value: dict[str, Any]
) -> None:
    with pytest.raises(DataError, match=r"`(units\.depth|labels\.y)"):
        read(npz(tmp_path / "a.npz", x=np.ones((4, 2)), y=array), format="npz", **value)


def test_hdf5_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["x"] = np.ones((2, 4))
        file[b"\xff\xfe"] = np.ones(3)
    assert read(tmp_path / "a.mat", format="mat").neural.shape == (4, 2)


def test_names_with_digits_of_any_kind_are_sorted(tmp_path: Path) -> None:
    arrays = {name: np.ones(4) for name in ("u\u00b2", "u" + "7" * 5000, "u10", "u9")}
    session = read(
        npz(tmp_path / "a.npz", **arrays), format="npz", neural={"path": "u*", "kind": "rate"}
    )
    assert [name for name in session.units["id"] if len(name) < 4 and name.isascii()] == [
        "u9",
        "u10",
    ]


def test_trials_of_a_matlab_row_vector(tmp_path: Path) -> None:
    found = {"t": [0.1, 0.2, 0.3], "u": [1, 2, 1], "k": [0, 1, 2], "choice": [5, 6, 5]}
    scipy.io.savemat(tmp_path / "a.mat", found)
    spikes = {"times": "t", "units": "u", "trials": "k", "window": [0, 1], "bin_s": 0.5}
    session = read_spikes(
        tmp_path / "a.mat", spikes, labels={"choice": {"path": "choice", "kind": "discrete"}}
    )
    assert session.labels["choice"].values.tolist() == [0, 0, 1, 1, 0, 0]


def test_sparse_matlab_arrays_are_dense_when_read(tmp_path: Path, small: None) -> None:
    from scipy.sparse import csc_array

    scipy.io.savemat(
        tmp_path / "a.mat", {"x": csc_array(np.eye(5)), "wide": csc_array((10**5, 10**5))}
    )
    assert read(tmp_path / "a.mat", format="mat").neural.tolist() == np.eye(5).tolist()
    with pytest.raises(DataError, match=r"'wide' takes 80\.0 GB"):
        read(tmp_path / "a.mat", format="mat", neural={"path": "wide", "kind": "counts"})


# -- in a process of its own -----------------------------------------------------------------------


def killer(path: Path) -> Path:
    """A MATLAB array whose numbers are of a type that there is not: scipy 1.17 looks it up outside
    its table.
    """
    from itertools import accumulate

    def element(code: int, raw: bytes) -> bytes:
        return struct.pack("<II", code, len(raw)) + raw + bytes(-len(raw) % 8)

    parts = [
        element(6, struct.pack("<II", 6, 0)),
        element(5, struct.pack("<ii", 40, 3)),
        element(1, b"x"),
    ]
    body = list(accumulate([*parts, element(99, bytes(960))]))[-1]
    path.write_bytes(
        b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + element(14, body)
    )
    return path


def test_a_crash_of_a_parser_is_an_error(tmp_path: Path) -> None:
    source, found = Source(killer(tmp_path / "a.mat")), recipe(format="mat")
    code = "import sys, scipy.io; scipy.io.loadmat(sys.argv[1])"
    assert (
        subprocess.run([sys.executable, "-c", code, str(source.path)], check=False).returncode < 0
    )
    with pytest.raises(DataError, match=r"a\.mat: the library that reads it crashed \(SIGSEGV\)"):
        read_isolated(source, found)
    sound = Source(npz(tmp_path / "b.npz", x=np.ones((4, 2))))
    assert read_isolated(sound, recipe(format="npz")).neural.shape == (4, 2)


def test_where_nothing_can_fork_the_server_dies_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = "from raylab.data.readers.isolation import child; child.FORKS = False; child.serve()"
    monkeypatch.setattr("raylab.data.readers.isolation.servers.SERVER", server)
    monkeypatch.setattr("raylab.data.readers.isolation.servers._SERVERS", {})
    dead, sound = (
        Source(killer(tmp_path / "a.mat")),
        Source(npz(tmp_path / "b.npz", x=np.ones((4, 2)))),
    )
    assert read_isolated(sound, recipe(format="npz")).id == "b"
    with pytest.raises(DataError, match=r"crashed \(SIGSEGV\)"):
        read_isolated(dead, recipe(format="mat"))
    assert read_isolated(sound, recipe(format="npz")).id == "b"


def test_a_chunk_that_grows_without_end_meets_the_memory_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HDF5 doubles its buffer while a chunk expands, whatever the dataset states."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)  # may be repeated
    raw = b"\x78\x9c" + block * 3000 + b"\x03\x00" + bytes(4)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("x", (1000, 2), "f8", chunks=(1000, 2), compression="gzip")
        made.id.write_direct_chunk((0, 0), raw)
    monkeypatch.setenv("RAYLAB_MAX_ARRAY_GB", "0.001")
    with pytest.raises(DataError, match=r"a\.h5"):
        read_isolated(Source(tmp_path / "a.h5"), recipe(format="hdf5"))


def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    source, found = Source(npz(tmp_path / "a.npz", x=np.ones((4, 2)))), recipe(format="npz")
    with pytest.raises(DataError, match="not read within 0 s"):
        read_isolated(source, found, timeout_s=0.0)
    assert read_isolated(source, found).id == "a"


def test_errors_of_the_reader_are_those_of_the_process(tmp_path: Path) -> None:
    source, found = Source(npz(tmp_path / "a.npz", x=np.ones(4))), recipe(format="npz", labels={})
    wrong = recipe(format="npz", neural={"path": "y", "kind": "rate"})
    for chosen in (found, wrong):
        said = []
        for reader in (read_source, read_isolated):
            try:
                said.append(reader(source, chosen).neural.tolist())
            except RaylabError as error:
                said.append((type(error), error.what, error.remedy))
        assert said[0] == said[1]


# -- prepared datasets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("file", "../../secret.h5"),
        ("file", "/etc/passwd"),
        ("file", 3),
        ("sha256", "../x"),
        ("rate_hz", "fast"),
        ("rate_hz", 0),
        ("labels", {"a": 3}),
        ("dropped_units", [10**12]),
        ("units", True),
        ("id", None),
    ],
)
def test_a_manifest_is_checked_before_it_is_believed(tmp_path: Path, key: str, value: Any) -> None:
    made = dataset(tmp_path / "ds")
    manifest = json.loads((made.path / "manifest.json").read_text())
    manifest["sessions"][0][key] = value
    (made.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=rf"manifest\.json: .*{key}"):
        Dataset(made.path)


@pytest.mark.parametrize(
    "text",
    ["[]", "3", '{"schema": 2, "sessions": 3}', '{"schema": 2, "sessions": [3]}', "[" * 10**5],
)
def test_a_manifest_of_another_shape(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json"):
        Dataset(tmp_path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        {"dtype": [], "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]},
    ],
)
def test_safetensors_headers_that_lie(tmp_path: Path, entry: dict[str, Any]) -> None:
    header = json.dumps({"x": entry}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    with pytest.raises(DataError, match="not a whole safetensors file"):
        map_tensors(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("place", "array"),
    [
        ("parts", np.array([[0, 10**6, 0]])),
        ("parts", np.array([[-5, 10, 0]])),
        ("parts", np.array([[0, 10, 7]])),
        ("parts", np.zeros((0, 3), np.int64)),
        ("kept", np.ones(2, bool)),
        ("neural", np.ones((400, 6))),
        ("time", np.zeros(399)),
        ("label.choice", np.full(400, 9)),
        ("segments", np.array([[0, 500]])),
    ],
)
def test_arrays_of_a_dataset_are_what_the_manifest_says(
    tmp_path: Path, place: str, array: np.ndarray
) -> None:
    from safetensors.numpy import load_file, save_file

    made = dataset(tmp_path / "ds")
    entry = made.manifest["sessions"][0]
    file = made.path / entry["split_file" if place in ("parts", "kept") else "file"]
    save_file({**load_file(file), place: array}, file)
    with pytest.raises(DataError, match=f"'{place}'"):
        made.open(entry["id"])
