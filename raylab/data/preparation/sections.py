"""The splits and filters of a dataset: from the recipe, from --set, or from the recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raylab.config.base import Strict
from raylab.config.parse import parse
from raylab.config.splits import SHARING, FiltersConfig, SplitsConfig
from raylab.data.manifest import Section
from raylab.data.readers.isolation.parcel import DumpedSections
from raylab.data.recipe import Recipe
from raylab.data.recipe_overrides import with_key
from raylab.errors import ConfigError

DEALT = ("sessions", "animals")  # kinds that deal whole sessions


class _Splits(Strict):
    splits: SplitsConfig


class _Filters(Strict):
    filters: FiltersConfig = FiltersConfig()


@dataclass(frozen=True)
class Sections:
    """Parsed splits and filters.

    Attributes:
        stated: The splits that a recipe or an override states. None where each recording's own
            splits are taken, if it has any, and else chronological ones.
        filters: Which units and sessions are left out.
        given: Whether the recording states splits itself.
    """

    stated: SplitsConfig | None
    filters: FiltersConfig
    given: bool = False

    @property
    def splits(self) -> SplitsConfig:
        if self.stated is not None:
            return self.stated
        return _parse_splits({"kind": "given" if self.given else "chronological"}, "splits")

    @property
    def deals_sessions(self) -> bool:
        return self.splits.kind in DEALT

    def dump(self) -> DumpedSections:
        """The sections as JSON, for a task in another process."""
        splits = self.stated.model_dump(mode="json") if self.stated is not None else None
        return {"splits": splits, "filters": self.filters.model_dump(mode="json")}

    @classmethod
    def of(cls, dumped: DumpedSections, *, given: bool) -> Sections:
        """The sections that `dump` gave; `given`: whether the recording states splits itself."""
        stated = _parse_splits(dumped["splits"], "splits") if dumped["splits"] else None
        return cls(stated, FiltersConfig.model_validate(dumped["filters"]), given)

    def described(self, kinds: set[str]) -> Section:
        """For the manifest: the stated splits, or the kinds of splits that recordings led to."""
        if self.stated is not None:
            return self.stated.model_dump(mode="json", exclude_none=True)
        return {"kind": " and ".join(sorted(kinds))}


def parted(overrides: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The overrides of splits and filters, and those of other keys of a recipe."""
    own = {
        path: leaf
        for path, leaf in overrides.items()
        if path.partition(".")[0] in ("splits", "filters")
    }
    return own, {path: leaf for path, leaf in overrides.items() if path not in own}


def by_key(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides whose sections are written out: `splits: {kind: blocked}` is `splits.kind`."""
    written: dict[str, Any] = {}
    for path, leaf in overrides.items():
        if path in ("splits", "filters") and isinstance(leaf, Mapping):
            written |= {f"{path}.{key}": value for key, value in leaf.items()}
        else:
            written[path] = leaf
    return written


def read_sections(
    base: Recipe | Mapping[str, Any] | None, overrides: Mapping[str, Any], source: str
) -> Sections:
    """Splits and filters of `base` (a recipe, or a dataset's manifest), changed by `overrides`.

    Raises:
        ConfigError: A key that is neither splits.* nor filters.*, or a value that does not fit.
    """
    overrides = by_key(overrides)
    if isinstance(base, Recipe):
        base = {"splits": base.splits or {}, "filters": base.filters}
    value: Section = {name: dict((base or {}).get(name) or {}) for name in ("splits", "filters")}
    # A dataset whose recordings stated splits of different kinds.
    if " and " in value["splits"].get("kind", ""):
        value["splits"] = {}
    _parse(value, source)
    value["splits"] = _make_room(
        value["splits"], {path.removeprefix("splits.") for path in overrides}
    )
    # The kind first, whatever the order of the overrides: another kind has other keys.
    for path, leaf in sorted(overrides.items(), key=lambda item: item[0] != "splits.kind"):
        if path in value:
            raise ConfigError(
                f"--set {path}: is a section; name a key of it",
                "For example: --set splits.kind=blocked",
            )
        if path.partition(".")[0] not in value:
            raise ConfigError(
                f"--set {path}: of a prepared dataset only splits.* and filters.* can change",
                "Prepare the recordings again, with their recipe, to change other keys.",
            )
        if path == "splits.kind":
            value["splits"] = {}
        value = with_key(value, path, leaf)
    return _parse(value, "--set")


def _make_room(splits: Mapping[str, Any], stated: set[str]) -> Section:
    """Splits without what --set replaces: fractions, folds and names exclude each other."""
    ways = [set(keys) for keys in SHARING]
    replaced = (
        set().union(*(keys for keys in ways if not keys & stated))
        if stated & set().union(*ways)
        else set()
    )
    return {key: value for key, value in splits.items() if key not in replaced}


def _parse(value: Mapping[str, Any], source: str) -> Sections:
    splits = {"kind": "chronological", **value["splits"]} if value["splits"] else None
    filters = parse(_Filters, {"filters": value["filters"]}, source).filters
    return Sections(_parse_splits(splits, source) if splits else None, filters)


def _parse_splits(splits: Mapping[str, Any], source: str) -> SplitsConfig:
    return parse(_Splits, {"splits": splits}, source).splits
