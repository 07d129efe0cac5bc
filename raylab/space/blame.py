"""Error messages that name the line of a space file, or the `--set` that is to blame."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from raylab.config.yaml_files import key_lines
from raylab.errors import ConfigError


@contextlib.contextmanager
def blamed(
    source: str, file: Path | None, overrides: Mapping[str, object] | None = None
) -> Iterator[None]:
    """Within this context, errors about `source` name the line of the key that they mention, or the
    `--set` that gave the key its value.
    """
    try:
        yield
    except ConfigError as error:
        what = error.what.removeprefix(f"{source}: ")
        if what == error.what:
            raise
        where = _place(what, source, file, overrides or {})
        raise type(error)(f"{where}: {what}", error.remedy) from None


_SECTIONS = ("", "search.", "base.")  # where a config path can be written in a space file
# The keys that an error mentions: its first word, quoted words, and dotted paths.
_NAMED = re.compile(r"^[\w.]+|'[\w.]+'|[A-Za-z_]\w*(?:\.\w+)+")


def _place(what: str, source: str, file: Path | None, overrides: Mapping[str, object]) -> str:
    """The place to blame. Keys are tried in the order of the message, each by the longest part of
    it that is in the file.
    """
    keys = [key.strip("'.") for key in _NAMED.findall(what.partition("; drawn were")[0])]
    lines = key_lines(file) if file is not None else {}
    for key in keys:
        bare = key.removeprefix("search.").removeprefix("base.")
        given = next((path for path in overrides if f"{bare}.".startswith(f"{path}.")), None)
        if given is not None:
            return f"--set {given}"
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            names = [section + ".".join(parts[:end]) for section in _SECTIONS]
            line = next((lines[name] for name in names if name in lines), None)
            if line is not None:
                return f"{source}:{line}"
    within = next((path for key in keys for path in overrides if path.startswith(f"{key}.")), None)
    return source if within is None else f"--set {within}"
