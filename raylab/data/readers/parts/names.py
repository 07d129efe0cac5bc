"""The names of sessions, animals and areas."""

from __future__ import annotations

from raylab.data.readers.files import Files
from raylab.errors import DataError

LONGEST_NAME = 200


def stated_name(files: Files, path: str | None, template: str, key: str, stem: str) -> str:
    """A name from inside the file, else from the recipe's text."""
    if path is None:
        return name_of(
            stem if template == "stem" else template.replace("{stem}", stem),
            key.removesuffix("_path"),
        )
    names = files.read(path, key).reshape(-1)[:1]
    return name_of(names[0], key) if len(names) else ""


def name_of(value: object, key: str) -> str:
    """The name of a session or animal as a file states it.

    Raises:
        DataError: It is too long to be a name, or holds what cannot be printed.
    """
    # MATLAB and HDF5 fill fixed lengths with NULs or blanks.
    name = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip(
        "\0 \t\r\n"
    )
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise DataError(
            f"`{key}` holds no name, but {name[:40]!r}",
            f"Check `{key}`, or name the session yourself.",
        )
    return name
