"""Why a file cannot be read, where the cause and its cure are known."""

from __future__ import annotations

import errno
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from raylab.errors import DataError

UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".aria2", ".filepart")
COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\x00": ("xz", "unxz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
}
# Formats that compress in this way themselves.
OWN_COMPRESSION = {"joblib"}
START = 2**12  # bytes from which a format is known
AGAIN = "The download or the copy did not finish: fetch the file again."


def explained(path: Path, format_name: str, error: Exception | None = None) -> DataError | None:
    """The error for a file that could not be read as a format; None where no cause is known."""
    for cause in (_access(path, error), _locked(path, error), _content(path, format_name, error)):
        for what, remedy in cause:
            return DataError(f"{path}: {what}", remedy)
    return None


Causes = Iterator[tuple[str, str]]


def _access(path: Path, error: Exception | None) -> Causes:
    if isinstance(error, PermissionError) or getattr(error, "errno", 0) == errno.EACCES:
        yield "may not be read by you (permission denied)", "Ask its owner, or chmod u+r the file."
    # Of a format whose sessions are folders, other errors are about what is in the folder.
    if path.is_dir() and (error is None or isinstance(error, OSError)):
        yield "is a folder, not a file", "Name a file in it, or check the recipe's `format`."
    if isinstance(error, FileNotFoundError):
        yield "no such file", "Check the path."


def _locked(path: Path, error: Exception | None) -> Causes:
    text = str(error)
    if isinstance(error, BlockingIOError) or "unable to lock file" in text:
        yield (
            "another program has it open for writing",
            "Close it there, or wait until the program has ended. On a file system without locks: "
            "export HDF5_USE_FILE_LOCKING=FALSE",
        )
    if "file is already open for" in text or "h5clear" in text:
        yield (
            "is marked as open for writing: a program has it open, or did not close it",
            f"Close it there. If no program has it open: h5clear -s {path.name}",
        )


def _content(path: Path, format_name: str, error: Exception | None) -> Causes:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(START)
    except OSError:
        return
    if not size:
        yield "is empty (0 bytes)", AGAIN
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        yield "is a pointer of Git LFS, not the file itself", f"git lfs pull --include {path.name}"
    if re.match(rb"(\.\./)*\.git/annex/objects/|/annex/objects/", start):
        yield "is a pointer of git-annex, not the file itself", f"git annex get {path.name}"
    if path.suffix in UNFINISHED or any(
        path.with_name(path.name + ending).exists() for ending in UNFINISHED
    ):
        yield "is still being downloaded, or its download broke off", AGAIN
    yield from _other_format(path, start, format_name)
    lengths = re.search(r"truncated file: eof = (\d+).*stored_eof = (\d+)", str(error))
    if lengths:
        yield f"is truncated: it has {int(lengths[1]):,} of {int(lengths[2]):,} bytes", AGAIN
    if start.count(0) == len(start):
        yield "begins with zeros only, as a file whose download did not finish", AGAIN
    if "Object arrays cannot be loaded" in str(error):
        yield (
            "holds an array of Python objects, which is a pickle and could run code",
            converting_objects(path),
        )


def _other_format(path: Path, start: bytes, format_name: str) -> Causes:
    for magic, (name, program) in COMPRESSED.items():
        if start.startswith(magic) and format_name not in OWN_COMPRESSION:
            yield f"is compressed with {name}", f"{program} {path.name}"
    if re.match(rb"\s*<(!doctype html|html)", start, re.I):
        yield "is a web page, as a server sends it instead of a file", AGAIN
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes()[: 2**20]:
            yield "is protected by a password", "Save a copy without password in Excel."
        yield "is an .xls file of Excel 97", "Save it as .xlsx or .csv and use this format."
    kind = kind_of(path, start)
    if kind is not None and kind not in _KINDS.get(format_name, _NAMES):
        yield f"this is {_NAMES[kind]}, not a file of the format {format_name}", _use(kind)


_NAMES = {
    "hdf5": "an HDF5 file",
    "nwb": "an NWB file",
    "mat": "a MATLAB file",
    "npz": "an archive of NumPy arrays",
    "npy": "an array of NumPy",
    "excel": "an Excel file",
    "parquet": "a Parquet file",
    "joblib": "a pickle",
    "zip": "a zip archive",
}
# What the files of a format are; a format of another package is not known.
_KINDS = {
    "hdf5": ("hdf5", "nwb", "mat"),
    "h5": ("hdf5", "nwb", "mat"),
    "nwb": ("hdf5", "nwb", "mat"),
    "mat": ("hdf5", "nwb", "mat"),
    "dlc": ("hdf5",),
    "npz": ("npz",),
    "npy": ("npy",),
    "csv": (),
    "excel": ("excel",),
    "parquet": ("parquet",),
    "joblib": ("joblib",),
}


def _use(kind: str) -> str:
    if kind == "zip":
        return "Unpack it, and name the files in it."
    return f"Write `format: {kind}` into the recipe."


def kind_of(path: Path, start: bytes | None = None) -> str | None:
    """The format of a file by its first bytes; None where they do not tell."""
    if start is None:
        with path.open("rb") as file:
            start = file.read(START)
    if start.startswith(b"MATLAB "):
        return "mat"
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "nwb" if path.suffix == ".nwb" else "hdf5"
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    return "joblib" if re.match(rb"\x80[\x02-\x05][\x95}\]cq(\x8c]", start) else None


def _kind_of_zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if "[Content_Types].xml" in names:
        return "excel"
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"


def converting_objects(path: Path) -> str:
    """The remedy for a file of NumPy that holds Python objects: a line that makes plain lists of
    it, which `joblib` files may hold.
    """
    plain = "a.tolist()"
    if path.suffix == ".npz":
        plain = "{k: a[k].tolist() if a[k].dtype == object else a[k] for k in a}"
    return (
        f"If you trust the file, convert it and read {path.stem}.jl with `format: joblib`: "
        'python -c "import joblib, numpy as np; '
        f"a = np.load('{path.name}', allow_pickle=True); "
        f"joblib.dump({plain}, '{path.stem}.jl')\""
    )
