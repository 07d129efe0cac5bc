"""A space of a file, of a name, or of a mapping, with `--set` applied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from raylab.config.parse import parse
from raylab.config.yaml_files import load_yaml
from raylab.space.blame import blamed
from raylab.space.overrides import overridden
from raylab.space.shipped import named_space
from raylab.space.space import Space


def load_space(
    space: str | Path | Mapping[str, object] | Space,
    overrides: Mapping[str, object] | None = None,
    *,
    source: str = "",
) -> Space:
    """Read a space, with overrides applied.

    An override of a space key (`budget.trials`) changes that key. An override of a searched path
    pins it. An override of any other config path sets its value in `base`.

    Args:
        space: A YAML file, the name of a shipped space, a mapping or a Space.
        overrides: Values by dotted path.
        source: What errors call the space; default: its file.

    Raises:
        ConfigError: Names the line of the file or the override that is wrong.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    file = named_space(space) if isinstance(space, str | Path) else None
    if file is not None:
        value = load_yaml(file)
    elif isinstance(space, Space):
        value = space.model_dump(
            mode="json", by_alias=True, exclude_unset=True
        )  # the default of budget.trials depends on the sampler, so unset keys stay unset
    else:
        assert isinstance(space, Mapping)
        value = dict(space)
    # The file is checked first without the overrides, so that no override is blamed for its errors.
    with blamed(source, file):
        parse(Space, value, source)
    with blamed(source, None, overrides):
        return parse(
            Space, overridden(value, overrides or {}, sections=set(Space.model_fields)), source
        )
