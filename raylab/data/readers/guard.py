"""One kind of error for everything that parsers raise on damaged or foreign files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from raylab.data.readers.causes import explained
from raylab.errors import DataError, RaylabError


@contextlib.contextmanager
def guard(path: Path, format_name: str) -> Iterator[None]:
    """Raise a DataError for whatever a parser raises on a damaged or foreign file.

    Parsers raise almost anything there (OSError, ValueError, KeyError, zlib.error,
    UnicodeDecodeError), so this is the one place that catches Exception. No code of raylab's own
    should run inside of it, because a bug would look like a damaged file. The parser's own error is
    the cause of the DataError; `--debug` shows it.
    """
    try:
        yield
    except RaylabError:
        raise
    except Exception as error:
        known = explained(path, format_name, error)
        if known is not None:
            raise known from error
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        if "allow_pickle" in reason:  # which numpy advises for every file that it does not know
            reason = "it does not begin as a file of NumPy does"
        raise DataError(
            f"{path}: not readable as {format_name} ({reason})",
            "If the file is of another format, state it as the recipe's `format`. Else it is "
            "truncated or damaged: compare it with its source.",
        ) from error
