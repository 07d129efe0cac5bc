"""Packages of third parties that a config uses: recorded with studies and models, named where they
are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from typing import TypedDict

from raylab.errors import RaylabError
from raylab.registry import REGISTRIES


class MissingPackage(RaylabError):
    """A study or a model needs a choice of a package that is not installed."""


class Plugin(TypedDict):
    """One choice of a package, as study.json and model.json record it.

    Attributes:
        group: The registry, such as `raylab.encoders`.
        name: The tag that configs name the choice by.
        package: Name and version of the package.
    """

    group: str
    name: str
    package: str


def plugins_of(config: Mapping[str, object]) -> list[Plugin]:
    """The choices of packages that a config or a search space names, also as searched values."""
    named = set(_tags(config))
    return [
        Plugin(group=group, name=name, package=choice.package)
        for group, registry in sorted(REGISTRIES.items())
        for choice in registry.choices
        if choice.package
        for name in registry.tags(choice.config)
        if name in named
    ]


def require_plugins(plugins: Sequence[Plugin], source: str) -> None:
    """MissingPackage where a choice that was recorded is not installed; it names `source`."""
    for plugin in plugins:
        package, _, version = plugin["package"].partition(" ")
        if not _is_there(plugin, package):
            raise MissingPackage(
                f"{source}: '{plugin['name']}' ({plugin['group']}) comes from the package "
                f"{plugin['package']}, which is not installed",
                f"Install it, for example: pip install {package}=={version}",
            )


def _is_there(plugin: Plugin, package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    registry = REGISTRIES.get(plugin["group"])
    return registry is None or registry.find(plugin["name"]) is not None


def _tags(value: object, *, tag: bool = False) -> Iterator[str]:
    """All text at or below a key that is the tag of a registry, such as `model.encoder.kind`."""
    if isinstance(value, str):
        if tag:
            yield value
    elif isinstance(value, Mapping):
        keys = {registry.tag.split(".")[-1] for registry in REGISTRIES.values()}
        for key, inner in value.items():
            yield from _tags(inner, tag=tag or str(key).split(".")[-1] in keys)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _tags(inner, tag=tag)
