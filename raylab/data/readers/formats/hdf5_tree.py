"""What is in an HDF5 file: groups and datasets by their paths, links inside of it included."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.store import MOST_LEVELS, MOST_OBJECTS
from raylab.data.readers.text import TextColumn

if TYPE_CHECKING:
    import h5py

MOST_HOPS = 16  # from soft link to soft link
MOST_LINKS = 3  # to groups, on the way to an object
# Attributes by which NWB keeps its own books.
BOOKKEEPING = {"object_id", "namespace", ".specloc"}


def walk(
    file: h5py.File,
    left_out: dict[str, str],
    *,
    unlisted: frozenset[str] = frozenset(),
    unlinked: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """Yield the path and the object of each group and dataset, the root with an empty path.

    Soft links are followed, so that an object has every path that leads to it, but no link leads
    back into a group that contains it.

    Args:
        left_out: Receives the links that lead nowhere or out of the file, each with the reason.
        unlisted: Groups that are not entered.
        unlinked: Groups into which soft links are not followed.

    Raises:
        ValueError: There are more objects than a recording has.
    """
    import h5py

    root = frozenset({h5py.h5o.get_info(file["/"].id).addr})
    pending: list[tuple[str, h5py.Group, int, frozenset[int]]] = [("", file, 0, root)]
    visited, count = set[int](), 0
    while pending:
        path, group, links, inside = pending.pop()
        yield path, group
        groups = []
        for key, link in _links(group):
            count += 1
            if count > MOST_OBJECTS or path.count("/") > MOST_LEVELS:
                raise ValueError("nested groups without end")
            name = f"{path}/{key}" if path else key
            item = _target(group, key, name, link, left_out)
            if isinstance(item, h5py.Dataset):
                yield name, item
            elif isinstance(item, h5py.Group) and name not in unlisted:
                address = h5py.h5o.get_info(item.id).addr
                if address in inside:
                    continue
                if isinstance(link, h5py.SoftLink):
                    if links < MOST_LINKS and _first_group(path, link.path) not in unlinked:
                        groups.append((name, item, links + 1, inside | {address}))
                elif links or address not in visited:
                    groups.append((name, item, links, inside | {address}))
                if not links and isinstance(link, h5py.HardLink):
                    visited.add(address)
        pending += reversed(groups)


def _links(group: h5py.Group) -> Iterator[tuple[str, object]]:
    for key in group:
        # A name that is not UTF-8 comes as bytes; no recipe can write it.
        if isinstance(key, str):
            yield key, group.get(key, getlink=True)


def _target(
    group: h5py.Group, key: str, name: str, link: object, left_out: dict[str, str]
) -> h5py.Group | h5py.Dataset | None:
    """What a link leads to; None where it leads nowhere or out of the file."""
    import h5py

    if isinstance(link, h5py.ExternalLink):
        left_out[name] = f"a link to another file ('{link.filename}'), which is not followed"
        return None
    item = member(group, key)
    if item is None and isinstance(link, h5py.SoftLink):
        left_out[name] = f"a link to '{link.path}', which leads to nothing in this file"
    return item


def member(group: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """The object at a path in a group; None where there is none in this file.

    h5py itself would follow a link into any other file of this machine.
    """
    import h5py

    item, hops = group, 0
    pending = path.split("/")[::-1]
    while pending:
        key = pending.pop()
        if key in ("", "."):
            continue
        link = item.get(key, getlink=True) if isinstance(item, h5py.Group) else None
        if isinstance(link, h5py.SoftLink) and hops < MOST_HOPS:
            hops += 1
            pending += link.path.strip("/").split("/")[::-1]
            item = item.file if link.path.startswith("/") else item
        elif isinstance(link, h5py.HardLink):
            item = item[key]
        else:
            return None
    return item if isinstance(item, (h5py.Group, h5py.Dataset)) else None


def dataset(group: h5py.Group, path: str) -> h5py.Dataset | None:
    """The dataset at a path in a group; None where there is none in this file."""
    import h5py

    item = member(group, path)
    return item if isinstance(item, h5py.Dataset) else None


def referred(item: h5py.Dataset, key: str) -> h5py.Group | h5py.Dataset | None:
    """What an attribute refers to; None where it refers to nothing."""
    import h5py

    reference = item.attrs.get(key)
    if not isinstance(reference, h5py.Reference) or not reference:
        return None
    try:
        return item.file[reference]
    except (KeyError, ValueError, OSError, RuntimeError):  # of damaged files
        return None


def _first_group(path: str, target: str) -> str:
    """The group of the root into which a link in the group `path` leads."""
    return posixpath.normpath(posixpath.join("/", path, target)).strip("/").partition("/")[0]


def attribute_names(path: str, item: h5py.Group | h5py.Dataset) -> Iterator[tuple[str, str]]:
    """The name in the store, `path@attribute`, and the key of each attribute that is readable."""
    import h5py

    for key in item.attrs:
        if not isinstance(key, str) or key in BOOKKEEPING:
            continue
        kind = item.attrs.get_id(key).dtype
        if kind.kind in "biuf" or h5py.check_string_dtype(kind) is not None:
            yield f"{path}@{key}", key


def read_attribute(item: h5py.Group | h5py.Dataset, key: str) -> np.ndarray:
    """The value of an attribute, text as kind U."""
    value = np.asarray(item.attrs[key])
    if value.dtype.kind not in "OS":
        return value
    text = TextColumn(f"'{item.name}@{key}'")
    text.add(value.ravel().tolist())
    return text.array().reshape(value.shape)


def attribute_text(item: h5py.Group | h5py.Dataset, key: str) -> str:
    """A short text attribute; empty where there is none."""
    value = item.attrs.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
