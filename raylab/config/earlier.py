"""Configs that earlier versions recorded: what they ran by and had no key for is written down, so
that a trial of theirs is trained, scored and reproduced as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

from raylab.config.base import section
from raylab.config.dotted import ConfigValues

# The keys that came later, and the value that stands for what was done before there was a choice.
BEFORE = {"view.scale": "plain", "evaluation.scale": "plain"}


def as_recorded(config: Mapping[str, object]) -> ConfigValues:
    """A recorded config with the keys of `BEFORE` that it lacks. A config is recorded whole, so a
    key that it lacks did not exist.
    """
    whole = dict(config)
    for path, value in BEFORE.items():
        name, _, key = path.partition(".")
        if name in whole:
            whole[name] = {key: value, **section(whole, name)}
    return whole
