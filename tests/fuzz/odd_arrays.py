"""Arrays that are valid and make no sense as a recording: dtypes, shapes, NaN, clocks that run
backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Generator = np.random.Generator
DTYPES = (
    "f2",
    "f4",
    "f8",
    "i1",
    "u1",
    "i8",
    "u8",
    "?",
    "c16",
    "S5",
    "U5",
    ">f8",
    "longdouble",
    "M8[ns]",
    "m8[s]",
)
NUMBERS = (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 1e19, -1e19, 2.0**63, 0.0, -1.0)
TEXTS = (
    "",
    "rat\x1b[31m",
    "../../x",
    "/etc/passwd",
    "a" * 5000,
    "\u202e\u0663\u00b2",
    "\x00\x07",
    "new\nline",
    "\U0001f400",
)


def dtype(value: Any, generator: Generator) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(DTYPES[generator.integers(len(DTYPES))])


def shape(value: Any, generator: Generator) -> Any:
    value = np.asarray(value)
    made = (
        value[None],
        value[..., None],
        value.T,
        value.reshape(-1),
        value.reshape(-1, 1),
        value.reshape(1, -1),
    )
    return made[generator.integers(len(made))]


def rank(value: Any, generator: Generator) -> Any:
    value = np.asarray(value)
    made = (
        value.reshape(-1)[:1].reshape(()),
        value[None, None],
        np.zeros((2, 2, 2)),
        np.stack([value] * 2, axis=-1),
    )
    return made[generator.integers(len(made))]


def empty(value: Any, generator: Generator) -> Any:
    value = np.asarray(value)
    made = (
        value[:0] if value.ndim else np.zeros(0),
        np.zeros((0, 3)),
        np.zeros((len(np.atleast_1d(value)), 0)),
    )
    return made[generator.integers(len(made))]


def length(value: Any, generator: Generator) -> Any:
    value = np.atleast_1d(value)
    made = (
        value[:1],
        value[:2],
        value[:-1],
        np.concatenate([value, value]),
        np.repeat(value, 3, axis=0),
    )
    return made[generator.integers(len(made))]


def numbers(value: Any, generator: Generator) -> Any:
    """A few values that are extreme, in a floating copy."""
    value = np.atleast_1d(value)
    if value.dtype.kind not in "biuf":
        return value
    value = value.astype(np.float64)
    flat = value.reshape(-1)
    for _ in range(int(generator.integers(1, 4)) if flat.size else 0):
        start = int(generator.integers(flat.size))
        stop = start + int(generator.choice([1, 2, flat.size]))
        flat[start:stop] = NUMBERS[generator.integers(len(NUMBERS))]
    return value


def order(value: Any, generator: Generator) -> Any:
    """Reversed, shuffled, repeated, constant, negative: what time stamps should not be."""
    value = np.atleast_1d(value)
    if not len(value):
        return value
    made = [
        value[::-1],
        generator.permutation(value),
        np.sort(generator.choice(value, len(value)), axis=0),
    ]
    made += [np.broadcast_to(value[:1], value.shape).copy()]
    if value.dtype.kind in "if":
        made += [-value, value * 1e-9, value * 1e9, value - value.max()]
    return made[generator.integers(len(made))]


def text(value: Any, generator: Generator) -> Any:
    words = np.array(
        [TEXTS[index] for index in generator.integers(len(TEXTS), size=np.size(value))]
    )
    return words.reshape(np.shape(value))


ODDITIES: tuple[Callable[[Any, Generator], Any], ...] = (
    dtype, dtype, shape, rank, empty, length, numbers, numbers, numbers, order, order, text,
)  # fmt: skip
# What one recipe key leads to is hit more often than the rest.
FAVOURITES = ("time", "traces", "ranges", "spikes", "trial", "stamps", "name")


def oddity(value: Any, generator: Generator) -> Any:
    return ODDITIES[generator.integers(len(ODDITIES))](value, generator)


def odd_arrays(found: dict[str, Any], generator: Generator) -> dict[str, Any]:
    """`found` with one to three arrays changed, left out, exchanged or added under an odd name."""
    made = dict(found)
    for _ in range(int(generator.choice([1, 1, 2, 3]))):
        names = list(made)
        likely = [name for name in FAVOURITES if name in made]
        name = str(generator.choice(likely if likely and generator.random() < 0.5 else names))
        chance = generator.random()
        if chance < 0.06:
            del made[name]
        elif chance < 0.12:
            made[name] = made[str(generator.choice(names))]
        elif chance < 0.16:
            made["x\u00b2" + "9" * int(generator.choice([1, 5000]))] = made[name]
        else:
            made[name] = oddity(made[name], generator)
    return made
