"""`prepare`: recordings of any format become a prepared dataset, several files at a time through Ray Data."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raylab.config import SplitsConfig, Strict
from raylab.data.dataset import MANIFEST, Dataset, describe, write_manifest, write_session
from raylab.data.readers import Source, list_sources, read_source
from raylab.data.recipe import Recipe, load_recipe
from raylab.data.session import Session
from raylab.data.splits import counts, make_parts
from raylab.errors import ConfigError, DataError, RaylabError
from raylab.files import atomic_folder
from raylab.parsing import parse, set_path


class _Splits(Strict):
    """The splits section of a recipe on its own."""

    splits: SplitsConfig


@dataclass(frozen=True)
class Prepared:
    """What `prepare` made: the dataset, and the sources that could not be read with their reasons."""

    dataset: Dataset
    failed: list[dict[str, str]]


def prepare(
    source: str | Path,
    *,
    out: str | Path,
    recipe: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    strict: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Turn recordings into a prepared dataset.

    Args:
        source: A file, or a folder of files.
        out: The dataset's folder; must not exist.
        recipe: A shipped recipe's name or a YAML file; torch_brain session files need none.
        overrides: Dotted paths into the splits, such as {"splits.kind": "blocked"}.
        strict: Stop at the first file that cannot be read; otherwise such files are listed in `failed`.
        progress: Called with (sessions done, sessions in all).

    Raises:
        DataError: nothing could be read, two sessions have one id, or `out` exists. Nothing is left behind.
    """
    target = Path(out)
    if target.exists():
        raise DataError(f"{target}: already there", "Choose another --out, or remove it.")
    chosen = load_recipe(recipe) if recipe else None
    sources = list_sources(Path(source), chosen)
    splits = _with_overrides(chosen, overrides or {}, str(recipe)) if chosen or overrides else None
    with _writing(target) as folder:
        results = []
        for result in _read_all(sources, chosen, splits, folder):
            if strict and "error" in result:
                raise DataError(result["error"], result["remedy"])
            results.append(result)
            if progress:
                progress(len(results), len(sources))
        entries = [result for result in results if "error" not in result]
        failed = [result for result in results if "error" in result]
        if not entries:
            raise DataError(failed[0]["error"], failed[0]["remedy"])
        _check_ids(entries)
        used = sorted({entry.pop("splits_kind") for entry in entries})
        write_manifest(
            folder,
            sorted(entries, key=lambda entry: entry["id"]),
            recipe=chosen.model_dump(mode="json", exclude_none=True) if chosen else None,
            splits=splits or {"kind": " and ".join(used)},
            failed=failed,
        )
    return Prepared(Dataset(target), failed)


def inspect(path: str | Path, *, recipe: str | Path | None = None) -> dict[str, Any]:
    """Describe a prepared dataset or raw recordings: {"sessions": [...]}, JSON-ready.

    Of raw recordings, `splits` are those the file itself states.
    """
    if (Path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        dataset.verify()
        return dataset.manifest
    chosen = load_recipe(recipe) if recipe else None
    return {"sessions": [_describe_raw(source, chosen) for source in list_sources(Path(path), chosen)]}


def prepare_one(item: dict[str, Any]) -> dict[str, Any]:
    """One source -> its manifest entry, or its error. Runs in a Ray Data task."""
    source = Source(Path(item["path"]), item["key"], tuple((name, Path(path)) for name, path in item["companions"]))
    recipe = Recipe.model_validate(item["recipe"]) if item["recipe"] else None
    try:
        session = read_source(source, recipe)
        splits = item["splits"] or {"kind": "given" if session.given else "chronological"}
        config = _parse_splits(splits, "splits")
        parts = make_parts(session, config, source=str(source))
        return {
            **write_session(Path(item["folder"]), session, parts, source=source.path.name),
            "splits_kind": config.kind,
        }
    except RaylabError as error:
        return {"source": source.path.name, "error": error.what, "remedy": error.remedy}


def _read_all(sources: list[Source], recipe: Recipe | None, splits: dict[str, Any] | None, folder: Path) -> Any:
    items = [
        {
            "path": str(source.path.resolve()),
            "key": source.key,
            "splits": splits,
            "folder": str(folder.resolve()),
            "companions": [(name, str(path.resolve())) for name, path in source.companions],
            "recipe": recipe.model_dump(mode="json", by_alias=True, exclude_unset=True) if recipe else None,
        }
        for source in sources
    ]
    if len(items) == 1:  # starting Ray for one file would take longer than reading it
        return map(prepare_one, items)
    from raylab.cluster import connect
    from raylab.data.shards import map_items

    connect()
    return map_items(prepare_one, items)


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[Path]:
    """The dataset's folder, whole or absent; DataError where it cannot be written."""
    try:
        with atomic_folder(target) as folder:
            yield folder
    except OSError as error:
        raise DataError(
            f"{target}: cannot be written ({error.strerror or error})", "Choose another --out, or make room there."
        ) from error


def _parse_splits(splits: Mapping[str, Any], source: str) -> SplitsConfig:
    return parse(_Splits, {"splits": splits}, source).splits


def _with_overrides(recipe: Recipe | None, overrides: Mapping[str, Any], source: str) -> dict[str, Any] | None:
    value: dict[str, Any] = {"splits": dict(recipe.splits) if recipe and recipe.splits else {}}
    if value["splits"]:
        value["splits"].setdefault("kind", "chronological")
        _parse_splits(value["splits"], source)
    # The kind first, whatever the order given: another kind has other keys.
    for path, leaf in sorted(overrides.items(), key=lambda item: item[0] != "splits.kind"):
        if not path.startswith("splits."):
            raise ConfigError(f"--set {path}: `prepare` takes only splits.*", "For example: --set splits.kind=blocked")
        if path == "splits.kind":
            value = {"splits": {}}
        value = set_path(value, path, leaf)
    if overrides:
        value["splits"].setdefault("kind", "chronological")
        _parse_splits(value["splits"], "--set")
    return value["splits"] or None


def _check_ids(entries: list[dict[str, Any]]) -> None:
    """Two files with one id would overwrite each other, and whichever stayed would be the wrong one."""
    repeated = [name for name, count in Counter(entry["id"] for entry in entries).items() if count > 1]
    if repeated:
        files = ", ".join(entry["source"] for entry in entries if entry["id"] == repeated[0])
        raise DataError(
            f"{files}: all hold session '{repeated[0]}'", "Remove the copies, or fix `session.id` in the recipe."
        )


def _describe_raw(source: Source, recipe: Recipe | None) -> dict[str, Any]:
    session: Session = read_source(source, recipe)
    given = {name: int((ranges[:, 1] - ranges[:, 0]).sum()) for name, ranges in (session.given or {}).items()}
    planned = {"kind": "given" if given else "chronological"}
    if recipe and recipe.splits:
        planned = {"kind": "chronological", **recipe.splits}
    try:
        planned_counts = counts(make_parts(session, _parse_splits(planned, "recipe"), source=str(source)))
    except DataError:
        planned_counts = given
    return {
        "id": session.id,
        "source": source.path.name,
        "animal": session.animal,
        "kind": session.kind,
        "samples": len(session.neural),
        "units": session.neural.shape[1],
        "rate_hz": session.rate_hz,
        "segments": len(session.segments),
        "splits": planned_counts,
        "notes": list(session.notes),
        "labels": {name: describe(label) for name, label in session.labels.items()},
    }
