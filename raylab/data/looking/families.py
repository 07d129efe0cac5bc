"""Joining what differs by a number only: `unit1`, `unit2` ... become the family `unit*`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from raylab.data.looking.item import DIFFERS, Item

LEAST = 3  # arrays of a family
FEWEST_TABLES = 9  # tables of a family: fewer may be the planes of a recording, each its own
NUMBER = re.compile(r"\d+")


def joined(items: Sequence[Item]) -> list[Item]:
    """The items, families as one item each, in the place of their first member."""
    members: dict[tuple[str, str, str, int], list[Item]] = {}
    for item in items:
        members.setdefault(_key(item), []).append(item)
    apart = {
        item.parent
        for family in members.values()
        for item in family
        if _is_table(item) and len(family) < FEWEST_TABLES and item.parent
    }
    result = []
    for key, family in members.items():
        least = FEWEST_TABLES if _is_table(family[0]) else LEAST
        alone = len(family) < least or any({item.name, item.parent} & apart for item in family)
        result += family if alone else [_family(key[0], family)]
    order = {item.name: place for place, item in enumerate(items)}
    first = {key[0]: order[family[0].name] for key, family in members.items()}
    return sorted(result, key=lambda item: order.get(item.name, first.get(item.name, 0)))


def _is_table(item: Item) -> bool:
    return item.kind == "array" and len(item.shape) == 2 and min(item.shape) > 1


def _key(item: Item) -> tuple[str, str, str, int]:
    return NUMBER.sub("*", item.name), item.kind, item.dtype, len(item.shape)


def _family(pattern: str, members: Sequence[Item]) -> Item:
    shapes = zip(*(member.shape for member in members))
    shape = tuple(sizes[0] if len(set(sizes)) == 1 else DIFFERS for sizes in shapes)
    first = members[0]
    return replace(first, name=pattern, shape=shape, count=len(members), note=first.note)
