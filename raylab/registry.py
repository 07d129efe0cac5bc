"""Registries: the alternatives of each choice in a config, and what builds them.

A choice (an encoder, a quantizer, a scheduler, a model family ...) is one line, such as
`ENCODERS.add(OffsetEncoderConfig, "raylab.models.convolution:offset_encoder")`. The type of the tag
field (`kind`) of the config class names the choice. The builder is named by a string and imported
only when it is used, so that reading a config never imports torch.

Installed packages add choices through entry points of the registry's group; docs/extending.md has
an example of each. `raylab.config.plugins` records which packages a config uses.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from operator import or_
from typing import Annotated, Any, Generic, TypeGuard, TypeVar, cast, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from raylab.errors import RaylabError

Config = TypeVar("Config", bound=BaseModel)


@dataclass(frozen=True)
class Choice:
    """One alternative of a choice.

    Attributes:
        config: The config section. The Literal type of its tag field lists the tags it stands for.
        builder: `package.module:name` of what builds it. Each registry says how that is called.
        package: Name and version of the installed package that provides it; empty for raylab.
    """

    config: type[BaseModel]
    builder: str
    package: str = ""

    def load(self) -> Callable[..., object]:
        """Import the builder. RaylabError where that of a package cannot be imported."""
        module, _, name = self.builder.partition(":")
        try:
            builder: Callable[..., object] = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            if not self.package:
                raise
            raise RaylabError(
                f"{self.package}: {self.builder} cannot be imported ({error})",
                "Update the package, or choose another value.",
            ) from error
        return builder


class Alternatives(ABC, Generic[Config]):
    """The config classes that a field may hold, told apart by a tag field.

    Used as metadata of a field: `encoder: Annotated[EncoderConfig, ENCODERS]` is validated as the
    union of all registered classes, while type checkers see the base class.
    """

    tag: str

    @property
    @abstractmethod
    def models(self) -> list[type[Config]]:
        """The config classes, in the order of registration."""

    @property
    def names(self) -> list[str]:
        """All tags, in the order of registration."""
        return [tag for model in self.models for tag in self.tags(model)]

    def model(self, tag: object) -> type[Config] | None:
        """The config class that a tag names; None where there is none."""
        return next((model for model in self.models if tag in self.tags(model)), None)

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

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The union of the registered classes in place of the field's base class."""
        models = self.models
        if len(models) == 1:
            return handler.generate_schema(models[0])
        return handler.generate_schema(
            Annotated[reduce(or_, cast(list[Any], models)), Field(discriminator=self.tag)]
        )


class Derived(Alternatives[Config]):
    """Alternatives that follow from other registries, such as the union of two.

    Args:
        models: Called when the schema is built, so that the registries are complete by then.
    """

    def __init__(self, models: Callable[[], list[type[Config]]], *, tag: str = "kind") -> None:
        self._models, self.tag = models, tag

    @property
    def models(self) -> list[type[Config]]:
        return self._models()


class Registry(Alternatives[Config]):
    """The alternatives of one choice and their builders.

    Args:
        group: Name of the entry points that add choices, such as `raylab.encoders`.
        base: The class that all config classes of this choice extend.
        tag: The field that tells the config classes apart; `task.kind` is the field `kind` of the
            section `task`. A registry with such a tag is not metadata of a field: pydantic tells
            the members of a union apart by a field of their own.
    """

    def __init__(self, group: str, base: type[Config], *, tag: str = "kind") -> None:
        self.group, self.base, self.tag = group, base, tag
        self._own: list[Choice] = []
        REGISTRIES[group] = self

    def add(self, config: type[Config], builder: str) -> None:
        """Register one of raylab's own choices. Must happen before the registry is first used."""
        assert "choices" not in self.__dict__, f"{self.group} has been used already"
        self._own.append(Choice(config, builder))

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """All choices: raylab's own first, then those of installed packages."""
        owners = dict.fromkeys(
            (tag for own in self._own for tag in self.tags(own.config)), "raylab"
        )
        added: list[Choice] = []
        for point in sorted(entry_points(group=self.group), key=_by_package):
            choice = self._load_choice(point)
            if choice is None:
                continue
            taken = sorted(set(self.tags(choice.config)) & owners.keys())
            if taken:
                self._warn(point, f"{owners[taken[0]]} has '{taken[0]}' already")
                continue
            owners |= dict.fromkeys(self.tags(choice.config), choice.package)
            added.append(choice)
        return (*self._own, *added)

    @property
    def models(self) -> list[type[Config]]:
        return [cast(type[Config], choice.config) for choice in self.choices]

    def find(self, tag: object) -> Choice | None:
        """The choice that a tag names; None where there is none."""
        return next((choice for choice in self.choices if tag in self.tags(choice.config)), None)

    def choice(self, config: type[BaseModel]) -> Choice | None:
        """The choice whose config class is `config` or one that `config` extends."""
        return next((choice for choice in self.choices if issubclass(config, choice.config)), None)

    def builder(self, config: Config) -> Callable[..., object]:
        """What builds the choice that `config` is."""
        choice = self.choice(type(config))
        assert choice is not None, f"{type(config).__name__} is not registered in {self.group}"
        return choice.load()

    def _load_choice(self, point: EntryPoint) -> Choice | None:
        """The choice of an entry point, or None with a warning: one broken package must not keep
        every config from being read.
        """
        try:
            choice = point.load()
        except Exception as error:
            self._warn(point, f"it cannot be imported ({type(error).__name__}: {error})")
            return None
        if not isinstance(choice, Choice):
            self._warn(point, "it is not a raylab.registry.Choice")
            return None
        if not (isinstance(choice.config, type) and issubclass(choice.config, self.base)):
            self._warn(point, f"its config class does not extend {self.base.__name__}")
            return None
        if not self.tags(choice.config):
            self._warn(point, f"its config class has no `{self.tag}` of a Literal type")
            return None
        return Choice(choice.config, choice.builder, package=package_of(point))

    def _warn(self, point: EntryPoint, reason: str) -> None:
        text = f"{self.group}: '{point.name}' of {package_of(point)} is left out: {reason}"
        warnings.warn(text, stacklevel=2)


REGISTRIES: dict[str, Registry[Any]] = {}  # by group, as modules that define them are imported


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def package_of(point: EntryPoint) -> str:
    """Name and version of the package that an entry point belongs to."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _by_package(point: EntryPoint) -> tuple[str, str]:
    """Of two packages with the same choice, the first by name wins, whatever is on the path."""
    return package_of(point), point.name
