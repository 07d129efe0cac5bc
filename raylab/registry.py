"""Registries: which alternatives a choice of a config has, and what builds each of them.

A choice (an encoder, a quantizer, a scheduler, a model family ...) is one line:
`ENCODERS.add(OffsetEncoderConfig, "raylab.models.convolution:offset_encoder")`. The config class says
by its tag (`kind`) when it is meant. The builder is named by a string and imported on use, so that
reading a config never imports torch.

Packages of third parties add choices through entry points of the registry's group; see
docs/extending.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from operator import or_
from typing import Annotated, Any, TypeGuard, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from raylab.errors import RaylabError


@dataclass(frozen=True)
class Choice:
    """One alternative of a choice.

    Attributes:
        config: The config section; the Literal type of its tag field lists the tags it stands for.
        builder: `package.module:name` of what builds it; each registry says how that is called.
        package: Who provides it: empty for raylab, else name and version of the installed package.
    """

    config: type[BaseModel]
    builder: str
    package: str = ""

    def load(self) -> Callable[..., Any]:
        """Import the builder."""
        module, _, name = self.builder.partition(":")
        return getattr(import_module(module), name)


class Registry:
    """The alternatives of one choice, used as metadata of a config field.

    `encoder: Annotated[EncoderConfig, ENCODERS]` validates as the union of all registered config
    classes, told apart by their tag.

    Args:
        group: Name of the entry points that add choices, such as `raylab.encoders`.
        tag: The field that tells the config classes apart; `task.kind` is the field `kind` of the
            section `task`. Such a registry is no metadata of a field: pydantic tells the members of
            a union apart by a field of their own.
    """

    def __init__(self, group: str, *, tag: str = "kind") -> None:
        self.group, self.tag = group, tag
        self._own: list[Choice] = []

    def add(self, config: type[BaseModel], builder: str) -> None:
        """Register a choice of raylab's own. Must happen before the registry is first used."""
        assert "choices" not in self.__dict__, f"{self.group} has been used already"
        self._own.append(Choice(config, builder))

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """All choices: raylab's own first, then those of installed packages."""
        known = {tag for choice in self._own for tag in self.tags(choice.config)}
        added: list[Choice] = []
        for point in sorted(entry_points(group=self.group), key=lambda point: point.name):
            choice = self._loaded(point)
            if choice is None:
                continue
            taken = known & set(self.tags(choice.config))
            if taken:
                self._warn(point, f"'{min(taken)}' exists already")
                continue
            known |= set(self.tags(choice.config))
            added.append(choice)
        return (*self._own, *added)

    @property
    def models(self) -> list[type[BaseModel]]:
        """The config classes of all choices."""
        return [choice.config for choice in self.choices]

    @property
    def names(self) -> list[str]:
        """All tags, in the order of registration."""
        return [tag for model in self.models for tag in self.tags(model)]

    def tags(self, config: type[BaseModel]) -> tuple[str, ...]:
        """The tags that a config class stands for."""
        *sections, tag = self.tag.split(".")
        for name in sections:
            section = config.model_fields.get(name)
            if section is None or not _is_section(section.annotation):
                return ()
            config = section.annotation
        field = config.model_fields.get(tag)
        return tuple(get_args(field.annotation)) if field is not None else ()

    def find(self, tag: str) -> Choice | None:
        """The choice that a tag names; None where there is none."""
        return next((each for each in self.choices if tag in self.tags(each.config)), None)

    def builder(self, config: BaseModel) -> Callable[..., Any]:
        """What builds the choice that `config` is."""
        return next(each for each in self.choices if each.config is type(config)).load()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The union of the registered classes in place of the field's base class."""
        models = self.models
        if len(models) == 1:
            return handler.generate_schema(models[0])
        return handler.generate_schema(
            Annotated[reduce(or_, models), Field(discriminator=self.tag)]
        )

    def _loaded(self, point: EntryPoint) -> Choice | None:
        """The choice of an entry point, or None with a warning: a broken package of somebody else
        must not keep every config from being read.
        """
        try:
            choice = point.load()
        except Exception as error:
            self._warn(point, f"it cannot be imported ({type(error).__name__}: {error})")
            return None
        if not isinstance(choice, Choice) or not self.tags(choice.config):
            self._warn(point, f"it is no raylab.registry.Choice with a `{self.tag}`")
            return None
        return Choice(choice.config, choice.builder, package=package_of(point))

    def _warn(self, point: EntryPoint, reason: str) -> None:
        text = f"{self.group}: '{point.name}' of {package_of(point)} is left out: {reason}"
        warnings.warn(text, stacklevel=2)


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def package_of(point: EntryPoint) -> str:
    """Name and version of the package that an entry point belongs to."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


class MissingPackage(RaylabError):
    """A config needs a choice of a package that is not installed."""
