"""Recipes that are broken, absurd or hostile, beside a whole recording."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from raylab.data.load_recipe import FOLDER
from tests.fuzz.bases import BASES, arrays, recipes, sampled, spiking
from tests.fuzz.damage import damage
from tests.fuzz.odd_arrays import Generator

SCALARS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    3,
    10**30,
    2**63,
    1e-320,
    1e308,
    float("inf"),
    float("nan"),
    "",
    "x",
    "*",
    "[",
    "[!a",
    "/",
    "..",
    "../secret",
    "../../secret/secret.npz",
    "/etc/passwd",
    "{stem}",
    "{x}",
    "{",
    "~",
    "\0",
    "\x1b[31m",
    "a" * 5000,
    "stem",
    "traces",
    "time",
    "*time*",
    [],
    {},
    [1],
    [[1]],
    {"a": 1},
    ["time", "time"],
    "**/*",
    "name:time",
    "C:\\x",
    "\u202e\u00b2",
)
NUMBERS = (0, 1, 2, 5, 40, 41, 10**9, 1e-9, 0.3, 1e9, 1e-320, 1e300, -1, -0.5)
CHOICES = (
    ("npz", "npz", "npz", "mat", "torch_brain", "csv"),
    ("counts", "calcium", "rate"),
    ("error", "drop_units", "interpolate", "zero"),
    ("continuous", "circular", "discrete"),
    ("s", "ms", "us", "ns", "min"),
    ("rad", "deg", ""),
    ("*_data.npz", "*.npz", "rat_*.npz", "*_meta.npz"),
)
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
DEEP = 20_000
HOSTILE = (
    LAUGHS + "format: npz\nsplits: {kind: *a39}\n",
    LAUGHS
    + (
        "format: npz\nneural: {path: x, kind: rate}\ntime: {rate_hz: 1}\nsplits: {a: "
        "*a39}\nsessions: {s: {v: 1}}\n"
    ),
    "x: &x {y: *x}\n",
    "&x [*x]\n",
    "splits: &x {kind: *x}\nformat: npz\nneural: {path: x, kind: rate}\ntime: {rate_hz: "
    "1}\nsessions: {s: {v: 1}}\n",
    "!!python/object/apply:os.system ['touch RAN']\n",
    "format: !!python/name:os.system\n",
    "!!python/object/new:type {}\n",
    "[" * DEEP + "]" * DEEP,
    "a: " + "{a: " * DEEP + "1" + "}" * DEEP,
    "- " * DEEP,
    "t: 2001-13-45\n",
    "t: 2001-12-14t25:61:61Z\n",
    "t: !!timestamp abc\n",
    "t: !!int ''\n",
    "t: !!int x\n",
    "t: !!float x\n",
    "t: !!bool x\n",
    "t: !!binary '='\n",
    "t: !!null x\n",
    "t: " + "9" * 6000 + "\n",
    "t: 0x" + "f" * 6000 + "\n",
    "t: 1:99:99:99:99e5\n",
    "t: 190:20:30.15e400\n",
    "? [a, b]\n: c\n",
    "? {a: b}\n: c\n",
    "!!set {a, b}\n",
    "!!omap [a: 1]\n",
    "<<: 3\nformat: npz\n",
    "<<: [1, 2]\n",
    "%YAML 9.9\n---\na: b\n",
    "--- a\n--- b\n",
    "\ufeffformat: npz\n",
    "format: npz\0\n",
    "\t\n",
    "format: npz\nformat: mat\n",
    "1: 2\n",
    "null: 2\n",
    "[1, 2]: 3\n",
    "2001-01-01: 3\n",
    "'': ''\n",
    "format: [npz]\n",
    "format: {npz: npz}\n",
)


def odd_recipe(path: Path, generator: Generator, ran: Path) -> None:
    """Write a recipe to `path` and the recording that it may read beside it."""
    BASES["npz"].make(path.with_name("rat_data.npz"))
    BASES["npz"].make(path.with_name("rat_meta.npz"))
    chance = generator.random()
    if chance < 0.15:
        path.write_bytes(
            HOSTILE[generator.integers(len(HOSTILE))].replace("RAN", str(ran)).encode("utf-8")
        )
    elif chance < 0.3:
        shipped = sorted(FOLDER.glob("*.yaml"))
        whole = shipped[generator.integers(len(shipped))].read_bytes()
        path.write_bytes(damage(whole, generator, whole))
    else:
        text = yaml.safe_dump(
            _changed(generator), sort_keys=False, allow_unicode=bool(generator.integers(2))
        )
        path.write_text(text, encoding="utf-8", errors="replace")


def _changed(generator: Generator) -> dict[str, Any]:
    """A recipe of the recording with one to three values exchanged."""
    companions = {
        "files": "*_data.npz",
        "companions": {"name": "*_meta.npz"},
        "sessions": {"a": {"half": "time", "count": 3}, "b": {"half": "time", "count": "x"}},
        "segments": {"length": 7, "first": 3, "changes": ["side"], "jumps": {"speed": 1.0}},
        "splits": {"kind": "blocked", "blocks": 5},
        "bin": 2,
    }
    spikes = spiking("npz", trials=True)
    spikes["spikes"] |= {"tick_s": 1.0, "first_trial": 0}
    made = (sampled("npz"), sampled("npz", **companions), spikes, *recipes("npz"))
    chosen: dict[str, Any] = yaml.safe_load(yaml.safe_dump(made[generator.integers(len(made))]))
    for _ in range(int(generator.integers(1, 4))):
        _exchange(chosen, generator)
    return chosen


def _exchange(tree: Any, generator: Generator) -> None:
    """Go down at random and put an odd value there, or under an odd key."""
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    if not keys:
        return
    key = keys[generator.integers(len(keys))]
    if isinstance(tree[key], (dict, list)) and tree[key] and generator.random() < 0.8:
        _exchange(tree[key], generator)
        return
    if generator.random() < 0.7:
        tree[key] = _alike(tree[key], generator)
        return
    if isinstance(tree, dict) and generator.random() < 0.15:
        key = str(SCALARS[generator.integers(len(SCALARS))])
    tree[key] = deepcopy(SCALARS[generator.integers(len(SCALARS))])


def _alike(value: Any, generator: Generator) -> Any:
    """Another value of the same type: a recipe's checks let it pass, a file may not bear it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return NUMBERS[generator.integers(len(NUMBERS))]
    if not isinstance(value, str):
        return value
    for words in CHOICES:
        if value in words:
            return words[generator.integers(len(words))]
    names = list(arrays())
    return names[generator.integers(len(names))] if generator.random() < 0.8 else f"*{value[1:]}"
