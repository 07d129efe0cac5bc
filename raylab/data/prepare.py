"""`prepare`: recordings of any format become a prepared dataset, several files at a time through
Ray Data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raylab.data.dataset import MANIFEST, Dataset, stored_session
from raylab.data.load_recipe import load_recipe
from raylab.data.preparation.budget import files_at_once
from raylab.data.preparation.joining import join, require_one_origin
from raylab.data.preparation.sections import Sections, read_sections
from raylab.data.preparation.workspace import Workspace, source_key
from raylab.data.preparation.writing import store_session, store_split, write_manifest
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import Recipe, parse_recipe
from raylab.data.splitting.splits import assign_sessions, make_parts
from raylab.errors import ConfigError, DataError, RaylabError

Item = dict[str, Any]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Prepared:
    """What `prepare` made.

    Attributes:
        failed: Sources that could not be read, each with `source`, `error` and `remedy`.
        left_out: Sessions that the filters left out, with the reason.
    """

    dataset: Dataset
    failed: list[dict[str, str]]
    left_out: list[dict[str, str]]


def prepare(
    source: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    recipe: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    strict: bool = False,
    sessions: int | None = None,
    memory: str | int | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Turn recordings into a prepared dataset, or a prepared dataset into one with other splits or
    filters.

    Interrupted, the same call goes on: finished sessions stay in `OUT.partial` until the dataset is
    whole.

    Args:
        source: A file, a folder of files, a pattern of files (`data/*_a.h5`), or a prepared
            dataset, whose sessions are then shared, not copied. Several prepared datasets become
            one, with the splits they have.
        out: The dataset's folder; must not exist.
        recipe: A shipped recipe's name or a YAML file; torch_brain session files need none.
        overrides: Dotted paths into the splits and filters, such as {"splits.kind": "blocked"}.
        strict: Stop at the first file that cannot be read; otherwise such files are listed in
            `failed`.
        sessions: Only the first so many, by name of file.
        memory: What all files being read may take together, in bytes or as `8GB`; default half of
            the machine's.
        progress: Called with (sessions done, sessions in all).

    Raises:
        DataError: no file could be read, two sessions have one id, `out` exists or is being
            prepared.
    """
    target = Path(out)
    if target.exists():
        raise DataError(f"{target}: already there", "Choose another --out, or remove it.")
    workspace = Workspace(target)
    if not isinstance(source, str | Path):
        if recipe or overrides or sessions:
            raise ConfigError(
                "several sources are prepared datasets that are joined as they are",
                "Remove the other options.",
            )
        return _joined([Dataset(one) for one in source], workspace)
    if (Path(source) / MANIFEST).is_file():
        if recipe:
            raise ConfigError(
                f"{source}: is a prepared dataset, which needs no recipe", "Remove --recipe."
            )
        return _split_again(Dataset(source), workspace, overrides or {}, strict, progress)
    chosen = load_recipe(recipe) if recipe else None
    sources = list_sources(Path(source), chosen)[:sessions]
    sections = read_sections(chosen, overrides or {}, str(recipe))
    with workspace.opened(keep=len(sources) > 1):
        if chosen is not None and chosen.reader.setup:
            # Once, and here, where its progress is visible.
            chosen.reader.load(chosen.reader.setup)()
        items = [_item(one, chosen, sections, workspace) for one in sources]
        at_once = files_at_once(sources, memory)
        results = _collect(_run(prepare_one, items, at_once), len(items), strict, progress)
        kept_recipe = (
            chosen.model_dump(mode="json", by_alias=True, exclude_none=True) if chosen else None
        )
        return _publish(results, sections, workspace, recipe=kept_recipe)


def prepare_one(item: Item) -> Item:
    """One source -> its entry of the manifest, or its error. Runs in a Ray Data task."""
    workspace = Workspace(Path(item["target"]))
    source = Source(
        Path(item["path"]),
        item["key"],
        tuple((name, Path(path)) for name, path in item["companions"]),
    )
    name = source.path.name
    try:
        recipe = parse_recipe(item["recipe"], "recipe") if item["recipe"] else None
        key = source_key(source, recipe)
        entry = workspace.recorded(key)
        if entry is None:
            session = read_isolated(source, recipe, scratch=workspace.folder)
            entry = store_session(workspace.folder, session, name=key, source=name)
            workspace.record(key, entry)
        return split_one({**item, "key": key, "entry": entry})
    except RaylabError as error:
        return {"source": name, "error": error.what, "remedy": error.remedy}
    except (
        Exception
    ) as error:  # a full disk, too little memory, a fault of ours: the other files go on
        what = f"{source}: {type(error).__name__}: {error}"
        return {
            "source": name,
            "error": what,
            "remedy": "Run it on this file alone with --debug and report it.",
        }


def split_one(item: Item) -> Item:
    """Add splits and kept units to an entry; where whole sessions are dealt, that waits until all
    are known.
    """
    entry, folder = item["entry"], Workspace(Path(item["target"])).folder
    session = stored_session(folder, entry)
    try:
        sections = Sections.of(item["sections"], given=bool(session.given))
        if sections.deals_sessions and "whole" not in item:
            return {"key": item["key"], "entry": entry}
        parts = make_parts(
            session, sections.splits, source=entry["source"], whole=item.get("whole")
        )
        split = store_split(
            folder, session, parts, sections.filters, name=item["key"], source=entry["source"]
        )
        return {
            "key": item["key"],
            "entry": {**entry, **split},
            "splits_kind": sections.splits.kind,
        }
    except RaylabError as error:
        return {"source": entry["source"], "error": error.what, "remedy": error.remedy}


def _split_again(
    dataset: Dataset,
    workspace: Workspace,
    overrides: Mapping[str, Any],
    strict: bool,
    progress: Progress | None,
) -> Prepared:
    """Other splits or filters of the sessions that `dataset` holds; no recording is read again."""
    dataset.verify()
    require_one_origin(dataset)
    before = {"splits": dataset.manifest["splits"], "filters": dataset.manifest["filters"]}
    sections = read_sections(before, overrides, str(dataset.path))
    with workspace.opened(keep=False):
        items = []
        for entry in dataset.manifest["sessions"]:
            adopted = workspace.adopt(dataset, entry, entry["sha256"])
            items.append(
                {
                    "target": str(workspace.target.resolve()),
                    "key": entry["sha256"],
                    "entry": adopted,
                }
            )
        given = [{**item, "sections": sections.dump()} for item in items]
        results = _collect(map(split_one, given), len(items), strict, progress)
        return _publish(results, sections, workspace, recipe=dataset.manifest["recipe"])


def _joined(datasets: Sequence[Dataset], workspace: Workspace) -> Prepared:
    _check_ids([entry for dataset in datasets for entry in dataset.manifest["sessions"]])
    with workspace.opened(keep=False):
        workspace.publish(join(datasets, workspace))
        return Prepared(Dataset(workspace.target), [], [])


def _publish(
    results: list[Item], sections: Sections, workspace: Workspace, *, recipe: dict[str, Any] | None
) -> Prepared:
    """Check what only the whole set can tell, deal whole sessions where asked, write the manifest."""
    failed = [result for result in results if "error" in result]
    read = [result for result in results if "error" not in result]
    _check_any(read, failed)
    _check_ids([result["entry"] for result in read])
    if sections.deals_sessions:
        again = _deal(read, sections, workspace)
        failed += [result for result in again if "error" in result]
        read = [result for result in again if "error" not in result]
        _check_any(read, failed)
    few = sections.filters.min_units
    left_out = [
        {
            "id": r["entry"]["id"],
            "reason": f"{r['entry']['units']} units, filters.min_units is {few}",
        }
        for r in read
        if r["entry"]["units"] < few
    ]
    kept = {r["key"]: r["entry"] for r in read if r["entry"]["units"] >= few}
    if not kept:
        raise DataError(f"filters.min_units: no session has {few} units", "Make it smaller.")
    entries = workspace.finish(kept)
    write_manifest(
        workspace.folder,
        entries,
        recipe=recipe,
        splits=sections.described({result["splits_kind"] for result in read}),
        filters=sections.filters,
        failed=failed,
        left_out=left_out,
    )
    workspace.publish(entries)
    return Prepared(Dataset(workspace.target), failed, left_out)


def _deal(read: list[Item], sections: Sections, workspace: Workspace) -> list[Item]:
    """The second pass of splits by session or animal."""
    codes = assign_sessions(
        sections.splits, [(r["entry"]["id"], r["entry"]["animal"]) for r in read]
    )
    assert codes is not None
    target, dumped = str(workspace.target.resolve()), sections.dump()
    return [
        split_one(
            {**result, "target": target, "sections": dumped, "whole": codes[result["entry"]["id"]]}
        )
        for result in read
    ]


def _item(source: Source, recipe: Recipe | None, sections: Sections, workspace: Workspace) -> Item:
    return {
        "path": str(source.path.resolve()),
        "key": source.key,
        "companions": [(name, str(path.resolve())) for name, path in source.companions],
        "recipe": recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if recipe
        else None,
        "sections": sections.dump(),
        "target": str(workspace.target.resolve()),
    }


def _run(function: Callable[[Item], Item], items: list[Item], at_once: int) -> Iterable[Item]:
    if len(items) == 1:  # starting Ray for one file would take longer than reading it
        return map(function, items)
    from raylab.cluster import connect
    from raylab.data.shards import map_items

    connect()
    return _explained(map_items(function, items, at_once=at_once), items)


def _explained(results: Iterator[tuple[int, Item | None]], items: list[Item]) -> Iterator[Item]:
    """A task that died took its process with it: out of memory, or a file that kills its parser."""
    for at, result in results:
        yield result or {
            "source": Path(items[at]["path"]).name,
            "error": f"{items[at]['path']}: the process that read it died",
            "remedy": "The file needs more memory than there is (see --memory), or it is damaged.",
        }


def _collect(
    results: Iterable[Item], total: int, strict: bool, progress: Progress | None
) -> list[Item]:
    found = []
    for result in results:
        if strict and "error" in result:
            raise DataError(result["error"], result["remedy"])
        found.append(result)
        if progress:
            progress(len(found), total)
    return found


def _check_any(read: list[Item], failed: list[Item]) -> None:
    if read:
        return
    first, others = failed[0], [result["error"] for result in failed[1:]]
    more = f"; and {len(others)} more:\n  " + "\n  ".join(others) if others else ""
    raise DataError(f"{first['error']}{more}", first["remedy"])


def _check_ids(entries: list[Item]) -> None:
    """Two files with one id would overwrite each other, and whichever stayed would be the wrong
    one.
    """
    repeated = [
        name for name, count in Counter(entry["id"] for entry in entries).items() if count > 1
    ]
    if repeated:
        files = ", ".join(
            sorted(entry["source"] for entry in entries if entry["id"] == repeated[0])
        )
        raise DataError(
            f"{files}: all hold session '{repeated[0]}'",
            "Remove the copies, or fix `session.id` in the recipe.",
        )
