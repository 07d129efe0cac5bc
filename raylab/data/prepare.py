"""`prepare`: recordings of any format become a prepared dataset, several files at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from raylab.data.load_recipe import RecipeSource, load_recipe, name_of_recipe
from raylab.data.preparation.budget import files_at_once, parse_memory
from raylab.data.preparation.places import as_list, datasets_among, refuse_options
from raylab.data.preparation.prepared import joined, split_again
from raylab.data.preparation.progress import Progress, Say, Steps
from raylab.data.preparation.publishing import Prepared, publish
from raylab.data.preparation.running import collect, run_tasks
from raylab.data.preparation.sections import parted, read_sections
from raylab.data.preparation.tasks import source_task
from raylab.data.preparation.workspace import Workspace
from raylab.data.readers.companions import folders_of
from raylab.data.readers.isolation.servers import servers
from raylab.data.readers.registry import WITHOUT_RECIPE
from raylab.data.readers.sources import list_all
from raylab.data.recipe import Recipe
from raylab.errors import DataError
from raylab.paths import local_path


def prepare(
    source: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    recipe: RecipeSource | None = None,
    companions: str | Path | Mapping[str, str | Path] | None = None,
    overrides: Mapping[str, Any] | None = None,
    strict: bool = False,
    sessions: int | None = None,
    memory: str | int | None = None,
    progress: Steps | None = None,
    say: Say | None = None,
) -> Prepared:
    """Turn recordings into a prepared dataset, or change the splits or filters of a dataset.

    After an interruption the same call continues: finished sessions stay in the folder
    `OUT.partial` until the dataset is whole.

    Args:
        source: A file, a folder of files, or a pattern of files (`data/*_a.h5`); or several of
            these, which one recipe describes. Or a prepared dataset, whose sessions are then
            shared, not copied. Several prepared datasets become one, with the splits that they
            have.
        out: The dataset's folder, which must not exist yet.
        recipe: The name of a shipped recipe, a YAML file, or a mapping of the same keys. Session
            files of the torch_brain tools need none.
        companions: The folder with the recipe's companions, or a folder for each companion by its
            name. Default: beside each file.
        overrides: Dotted paths into the recipe, such as {"labels.heading.kind": "circular"}; of a
            prepared dataset into its splits and filters, such as {"splits.kind": "blocked"}.
        strict: Stop at the first file that cannot be read. By default such files are listed in
            `failed`.
        sessions: Prepare only so many sessions, the first by file name.
        memory: The memory that all files being read may take together, in bytes or as `8GB`. By
            default half of the machine's.
        progress: Called with (sessions done, sessions in all).
        say: Called with a line at the start and a line as each file ends, where there are several;
            such as `print`.

    Returns:
        The opened dataset, with the sources that failed and the sessions that filters left out.

    Raises:
        DataError: No file could be read, two sessions have one id, or `out` exists or is being
            prepared by another process.
        ConfigError: The recipe or an override is wrong, or they do not apply to the source.

    Example:
        >>> paths = raylab.synth("raw", sessions=1, samples=600, units=(5, 8))
        >>> result = raylab.prepare("raw", out="prepared")
        >>> list(result.dataset.sessions), result.failed
        (['500000000'], [])

        The same recording with other splits; the activity is not copied:

        >>> result = raylab.prepare("prepared", out="blocked", overrides={"splits.kind": "blocked"})
        >>> result.dataset.manifest["splits"]["kind"]
        'blocked'
    """
    target = local_path(out)
    if target.exists():
        raise DataError(f"{target}: already exists", "Choose another --out, or remove it.")
    workspace = Workspace(target)
    places = [local_path(place) for place in as_list(source)]
    datasets = datasets_among(places)
    if datasets:
        options = {"recipe": recipe, "companions": companions, "sessions": sessions}
        refuse_options(datasets, **options, set=overrides)
        if len(datasets) > 1:
            return joined(datasets, workspace)
        steps = Progress(len(datasets[0].sessions), say=say, steps=progress)
        return split_again(datasets[0], workspace, overrides or {}, strict, steps)
    # What can be wrong without any file is said before files are looked for.
    budget = parse_memory(memory) if memory is not None else None
    chosen, sections_changed = _recipe_and_sections(recipe, overrides or {})
    sections = read_sections(chosen, sections_changed, name_of_recipe(recipe))
    servers().warm()
    sources = list_all(places, chosen, companions=folders_of(companions))[:sessions]
    with workspace.opened(keep=len(sources) > 1):
        if chosen is not None and chosen.reader.setup:
            # Once, and here, where its progress is visible.
            chosen.reader.load(chosen.reader.setup)()
        at_once = files_at_once(sources, budget)
        steps = Progress(len(sources), say=say, steps=progress)
        steps.begin(sources, at_once)
        tasks = [source_task(source, chosen, sections, workspace) for source in sources]
        # Closed, so that readers end where an error ends `prepare`.
        with contextlib.closing(run_tasks(tasks, at_once)) as outcomes:
            collected = collect(outcomes, strict=strict, progress=steps)
        return publish(
            collected,
            sections,
            workspace,
            recipe=chosen.model_dump(mode="json", by_alias=True, exclude_none=True)
            if chosen
            else None,
        )


def _recipe_and_sections(
    recipe: RecipeSource | None, overrides: Mapping[str, Any]
) -> tuple[Recipe | None, dict[str, Any]]:
    """The recipe with the overrides of its own keys, and the overrides of splits and filters."""
    sections_changed, recipe_changed = parted(overrides)
    if recipe is None and recipe_changed:
        recipe = {"format": WITHOUT_RECIPE}
    return load_recipe(recipe, recipe_changed) if recipe else None, sections_changed
