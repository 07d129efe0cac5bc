"""The checks of files that need no tool of their own, as a pre-commit hook: prints what is wrong.

python -m tests.tools.check_files FILE...
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

MOST_BYTES = 500_000
CONFLICTS = ("<<<<<<< ", ">>>>>>> ")


def problems(path: Path) -> Iterator[str]:
    """What is wrong with a text file, a sentence each."""
    if path.stat().st_size > MOST_BYTES:
        yield f"larger than {MOST_BYTES:,} bytes"
    text = path.read_bytes().decode()
    if text and not text.endswith("\n"):
        yield "no newline at the end"
    if "\r" in text:
        yield "line ends of Windows"
    for number, line in enumerate(text.split("\n"), start=1):
        if line != line.rstrip():
            yield f"line {number}: whitespace at the end"
        if line.startswith(CONFLICTS):
            yield f"line {number}: a conflict marker"
    yield from syntax_problems(path, text)


def syntax_problems(path: Path, text: str) -> Iterator[str]:
    try:
        if path.suffix in (".yaml", ".yml"):
            list(yaml.safe_load_all(text))
        elif path.suffix == ".toml":
            tomllib.loads(text)
    except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
        yield f"does not parse: {error}"


def main(arguments: Sequence[str]) -> int:
    lines = [f"{path}: {problem}" for path in arguments for problem in problems(Path(path))]
    print("\n".join(lines))
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
