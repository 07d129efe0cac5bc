"""The section `companions` of a recipe: files that belong to each recording."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from raylab.config.base import Strict
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse
from raylab.data.readers.registry import READERS, Reader
from raylab.errors import ConfigError


class CompanionSpec(Strict):
    """A file of a format of its own; a text is short for `file: TEXT`.

    Further keys are those that only this format has, such as `header` of a CSV table.
    """

    model_config = ConfigDict(extra="allow")

    file: str = Field(description="name of the file; `*` is what `*` matched in `files`")
    format: str = Field("", description="of the file; default: by the ending of its name")

    @model_validator(mode="after")
    def _inside_the_folder(self) -> CompanionSpec:
        """A recipe is exchanged between people: it must not name files that its user did not."""
        if re.search(r"[/\\\0]", self.file) or self.file in ("", ".", ".."):
            raise ValueError(f"the name of a file in the same folder is needed, not '{self.file}'")
        return self

    @model_validator(mode="after")
    def _known(self) -> CompanionSpec:
        if not self.format:
            raise ValueError(f"the ending of '{self.file}' does not say its format: add `format`")
        reader = READERS.find(self.format)
        if reader is None:
            known = [reader.format for reader in READERS if reader.opens]
            raise ValueError(f"no format is called '{self.format}'. {did_you_mean('', known)}")
        if not reader.opens:
            raise ValueError(f"{self.format} files describe themselves and are no companions")
        self.options  # noqa: B018  unknown keys are an error here, before a file is read
        return self

    @property
    def reader(self) -> Reader:
        """What opens the file."""
        return READERS.of(self.format)

    @property
    def options(self) -> Strict | None:
        """The keys that only this format has; None where it has none."""
        model = self.reader.options_class()
        if model is None and self.model_extra:
            raise ValueError(f"unknown key '{next(iter(self.model_extra))}' of {self.format}")
        try:
            return parse(model, self.model_extra or {}, self.format) if model else None
        except ConfigError as error:
            raise ValueError(f"{error.what}. {error.remedy}") from None


def with_formats(companions: object, main: str, files: object) -> object:
    """Companions as mappings with a format each; what is no companion is left to validation.

    Args:
        main: The recipe's own format, which counts where no ending decides.
        files: The recipe's pattern of files.
    """
    if not isinstance(companions, Mapping):
        return companions
    return {name: _with_format(value, main, files) for name, value in companions.items()}


def _with_format(value: object, main: str, files: object) -> object:
    stated: Mapping[Any, Any] | None = {"file": value} if isinstance(value, str) else None
    stated = value if isinstance(value, Mapping) else stated
    if stated is None or "format" in stated or not isinstance(stated.get("file"), str):
        return value if stated is None else stated
    name = stated["file"]
    by_ending = format_of(name)
    if by_ending is None and isinstance(files, str) and _ending(name) == _ending(files):
        by_ending = main
    return {"file": name, "format": by_ending or "", **stated}


def format_of(name: str) -> str | None:
    """The format of named arrays whose files end like `name`; the first of several."""
    for reader in READERS:
        lower = name.lower().replace("*", "x")
        if reader.opens and any(fnmatchcase(lower, pattern) for pattern in reader.patterns):
            return reader.format
    return None


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()
