"""Guesses, and the YAML that states each with a comment on what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

CHECK = "check"  # how a comment on a doubtful guess begins
SHORT = 100  # letters of a line with its comment; longer comments stand above it


@dataclass(frozen=True)
class Guess:
    """A value of a recipe, and what it rests on.

    Attributes:
        check: True if the guess is doubtful.
    """

    value: Any
    why: str = ""
    check: bool = False

    @property
    def comment(self) -> str:
        if self.check:
            return f"# {CHECK}: {self.why}" if self.why else f"# {CHECK}"
        return f"# {self.why}" if self.why else ""


Section = dict[str, Any]  # of guesses, plain values and sections


def written(recipe: Mapping[str, Any], head: tuple[str, ...] = ()) -> str:
    """The YAML of a recipe of guesses.

    Args:
        head: Lines of comment that stand above it.
    """
    lines = [f"# {line}".rstrip() for line in head]
    return "\n".join([*lines, *_lines(recipe, "")]) + "\n"


def checks_of(recipe: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """`key: reason` of each doubtful guess."""
    for key, value in recipe.items():
        place = f"{path}.{key}" if path else key
        if isinstance(value, Guess) and value.check:
            yield f"{place}: {value.why}" if value.why else place
        inner = value.value if isinstance(value, Guess) else value
        if isinstance(inner, Mapping):
            yield from checks_of(inner, place)


def plain(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe without comments."""
    values = {
        key: value.value if isinstance(value, Guess) else value for key, value in recipe.items()
    }
    return {
        key: plain(value) if isinstance(value, Mapping) else value for key, value in values.items()
    }


def _lines(section: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, entry in section.items():
        guess = entry if isinstance(entry, Guess) else Guess(entry)
        name = f"{indent}{_scalar(key)}:"
        if isinstance(guess.value, Mapping) and guess.value:
            yield f"{name}  {guess.comment}".rstrip()
            yield from _lines(guess.value, f"{indent}  ")
            continue
        line = f"{name} {_scalar(guess.value)}"
        if guess.comment and len(line) + len(guess.comment) > SHORT:
            yield f"{indent}{guess.comment}"
            yield line
        else:
            yield f"{line}  {guess.comment}".rstrip()


def _scalar(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()
