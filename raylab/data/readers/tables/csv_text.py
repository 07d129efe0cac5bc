"""The text of a CSV file before it is parsed: its encoding, its comments and its separator."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from raylab.data.readers.causes import explained
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
LOOK, ROWS = 2**16, 20  # characters and rows from which the separator follows
NUMBERS = re.compile(r"[\d\s.,;+\-eE\"naNfi]+")


@dataclass(frozen=True, kw_only=True)
class CsvText:
    """The rows of a CSV file.

    Attributes:
        content: UTF-8, from the row of names (or the first row) on.
        separator: What separates the cells of a row.
        skipped: Lines of the file before `content`.
    """

    content: bytes
    separator: str
    skipped: int

    @property
    def separator_name(self) -> str:
        return SEPARATORS.get(self.separator, f"'{self.separator}'")

    @property
    def most_columns(self) -> int:
        """An upper bound of the number of columns."""
        return self._first_line.count(self.separator.encode()) + 1

    @property
    def open_quotation(self) -> bool:
        return self.content.count(b'"') % 2 == 1

    def trailing_separators(self, row: Any) -> bool:
        """Whether an irregular row only has an empty cell more than the row of names."""
        after = row.text.rstrip("\r\n\t " if self.separator != "\t" else "\r\n ")
        return bool(
            row.actual_columns == row.expected_columns + 1 and after.endswith(self.separator)
        )

    def with_empty_column(self) -> CsvText:
        """The text with a separator at the end of its first line."""
        first = self._first_line
        rest = self.content[len(first) :]
        return replace(self, content=first.rstrip(b"\r") + self.separator.encode() + rest)

    @property
    def _first_line(self) -> bytes:
        return self.content.partition(b"\n")[0]


def read_text(path: Path, *, header: bool) -> CsvText:
    """The text of a file.

    Raises:
        DataError: It is not text in UTF-8 (or in UTF-16 with a mark), or has no rows.
    """
    allow(path.stat().st_size, str(path))
    content = _utf8(path, path.read_bytes())
    content = (content if b"\n" in content else content.replace(b"\r", b"\n")) + b"\n"
    separator = None
    if stated := re.match(rb"sep=(.)\r?\n", content):  # Excel's own first line
        separator, content = stated[1].decode("latin-1"), content[stated.end() :]
    comments = re.match(rb"(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z))*", content)
    assert comments is not None  # the pattern matches an empty text
    lines = [line for line in comments[0].decode().splitlines() if line.strip()]
    content, skipped = content[comments.end() :], comments[0].count(b"\n") + bool(stated)
    if not content.strip():
        other = explained(path, "csv")
        raise other or DataError(
            f"{path}: holds no rows of a table", "Compare the file with its source."
        )
    separator = separator or _separator(content, path.suffix)
    if header and lines and _names_columns(path, lines[-1], content, separator):
        content = lines[-1].lstrip("# \t").encode() + b"\n" + content
        skipped -= 1
    _check_single_column(path, content, separator)
    return CsvText(content=content, separator=separator, skipped=skipped)


def line_of_row(text: CsvText, number: int) -> int:
    """The line of the file at which a row ends; `number` counts rows from 1, without empty ones."""
    reader = csv.reader(io.StringIO(text.content.decode(), newline=""), delimiter=text.separator)
    rows = (reader.line_num for row in reader if row)
    return text.skipped + next(itertools.islice(rows, number - 1, None), number)


def _utf8(path: Path, raw: bytes) -> bytes:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16").encode()
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if b"\0" in raw[:LOOK]:
        if len(set(raw[1:LOOK:2])) == 1 or len(set(raw[0:LOOK:2])) == 1:
            raise _other_encoding(path, "text in UTF-16", "UTF-16LE")
        other = explained(path, "csv")
        raise other or DataError(
            f"{path}: holds zero bytes, which no text does", "Compare the file with its source."
        )
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        if other := explained(path, "csv"):
            raise other from None
        line = raw.count(b"\n", 0, error.start) + 1
        letter = raw[error.start : error.start + 1].decode("latin-1")
        what = f"line {line} is not UTF-8, but perhaps Latin-1 with the letter '{letter}'"
        raise _other_encoding(path, what, "LATIN1") from None
    return raw


def _other_encoding(path: Path, what: str, encoding: str) -> DataError:
    return DataError(
        f"{path}: {what}",
        f"Save it as UTF-8: iconv -f {encoding} -t UTF-8 {shlex.quote(path.name)} > "
        + shlex.quote(f"{path.stem}_utf8{path.suffix}"),
    )


def _separator(content: bytes, suffix: str) -> str:
    """The separator by which the first rows have equally many cells, else the most frequent one."""
    lines = content[: 4 * LOOK].decode("utf-8", "ignore")[:LOOK].splitlines(keepends=True)[:ROWS]
    order = "\t,;" if suffix == ".tsv" else ",;\t"
    best, most = order[0], (False, 1)
    for separator in order:
        lengths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        regular = len(set(lengths[1:-1])) <= 1 and all(
            length - lengths[0] in (0, 1) for length in lengths[:-1]
        )
        if lengths and lengths[0] > 1 and (regular, lengths[0]) > most:
            best, most = separator, (regular, lengths[0])
    return best


def _names_columns(path: Path, comment: str, content: bytes, separator: str) -> bool:
    """Whether the last comment names the columns, as numpy.savetxt writes it: it has as many cells
    as the row of numbers after it.

    Raises:
        DataError: The row after it could hold the names as well.
    """
    first = content.partition(b"\n")[0].decode()
    if comment.count(separator) != first.count(separator):
        return False
    if not NUMBERS.fullmatch(first) and separator in first:
        raise DataError(
            f"{path}: two lines may hold the names of its columns, '{comment.strip()[:40]}' and "
            f"'{first.strip()[:40]}'",
            "Remove the `#` of the first one, or that line.",
        )
    return bool(NUMBERS.fullmatch(first))


def _check_single_column(path: Path, content: bytes, separator: str) -> None:
    """An empty line of a table with one column may be a missing value, or nothing.

    Numbers between blanks, as numpy.savetxt writes them, are several columns.
    """
    first, _, rest = content.partition(b"\n")
    if separator.encode() in first:
        return
    cells = (rest.partition(b"\n")[0].strip() or first).decode().split()
    if len(cells) > 1 and all(NUMBERS.fullmatch(cell) for cell in cells):
        raise DataError(
            f"{path}: the cells of its rows are separated by blanks",
            'Separate them by commas, in Python with `numpy.savetxt(..., delimiter=",")`; or save '
            "the array with `numpy.save` and read it with `format: npy`.",
        )
    if empty := re.search(rb"\n[ \t\r]*\n(?=\s*\S)", content):
        line = content.count(b"\n", 0, empty.start()) + 2
        raise DataError(
            f"{path}: line {line} of its only column is empty",
            "Write `nan` where a value is missing, or remove the line.",
        )
