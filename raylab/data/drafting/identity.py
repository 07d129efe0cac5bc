"""The session's and the animal's name, where a file states them."""

from __future__ import annotations

from collections.abc import Iterator

from raylab.data.drafting.field_names import ANIMAL, is_called, words
from raylab.data.drafting.guess import Guess, Section
from raylab.data.looking.item import FileContents, Item


def session_of(file: FileContents) -> Section:
    """The section `session`."""
    section: Section = {}
    texts = list(_texts(file))
    named = [item for item in texts if _is_id(item)]
    if named:
        section["id_path"] = Guess(named[0].name, f"'{_example(named[0])}'")
    animals = [item for item in texts if is_called(item.leaf, ANIMAL) or item.leaf == "subject_id"]
    if animals:
        section["animal_path"] = Guess(animals[0].name, f"'{_example(animals[0])}'")
    if not named:
        section = {"id": Guess("stem", "the name of the file or folder"), **section}
    return section


def _texts(file: FileContents) -> Iterator[Item]:
    for item in file.items:
        single = item.dtype == "text" and item.values is not None and item.values.size == 1
        if single and not item.name.startswith("specifications"):
            yield item


def _is_id(item: Item) -> bool:
    return item.name == "identifier" or words(item.leaf) in (("session", "id"), ("session",))


def _example(item: Item) -> str:
    return item.values.examples[0] if item.values is not None and item.values.examples else ""
