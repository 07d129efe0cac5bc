"""README and docs: every `raylab` command parses, and every link leads to a file."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import PIL.Image
import pytest
from pages import commands

from raylab.cli import cli
from tests.tools.tutorial import EMBEDDING, TUTORIAL, brief, tour
from tests.tools.tutorial import commands as made_by

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
# CHANGELOG names what is gone.
PATHS_OF = [page for page in PAGES if page.name != "CHANGELOG.md"]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def parse(words: list[str]) -> None:
    """Raises where the command line does not know a verb or an option. Nothing is run."""
    context = click.Context(cli, info_name="raylab")
    name, verb, rest = cli.resolve_command(context, words)
    assert verb is not None, f"raylab has no verb {name}"
    below = click.Context(verb, parent=context, info_name=name)
    while isinstance(verb, click.Group):
        name, verb, rest = verb.resolve_command(below, rest)
        assert verb is not None, name
        below = click.Context(verb, parent=below, info_name=name)
    values, _, _ = verb.make_parser(below).parse_args([word for word in rest if word != "..."])
    for parameter in verb.params:
        if isinstance(parameter.type, click.types.BoolParamType | click.Path):
            continue
        for value in as_list(values.get(parameter.name or "")):
            if is_example(value):
                parameter.type.convert(value, parameter, below)


def as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def is_example(value: object) -> bool:
    """Not a placeholder such as STUDY, `input|all` or `$i`."""
    return isinstance(value, str) and not re.search(r"^[A-Z]+$|[|$]", value)


@each_page
def test_every_command_parses(page: Path) -> None:
    for words in commands(page.read_text()):
        try:
            parse(words)
        except click.ClickException as error:
            pytest.fail(f"{page.name}: raylab {shlex.join(words)}: {error.format_message()}")


def test_wrong_commands_are_noticed() -> None:
    for line in ("serch a", "search a --dat b", "select s --rule worst", "evaluate s --topology x"):
        with pytest.raises(click.ClickException):
            parse(line.split())


def test_commands_are_read() -> None:
    text = (
        "    raylab a b \\\n      --c 1  # d\n"
        "    raylab x && raylab y [--z 1|2] v=[w]\n"
        "raylab prose\n"
    )
    assert list(commands(text)) == [
        ["a", "b", "--c", "1"],
        ["x"],
        ["y", "--z", "1|2", "v=[w]"],
    ]


@each_page
def test_every_link_leads_to_a_file(page: Path) -> None:
    prose = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", page.read_text())
    for target in re.findall(r"\]\(([^)#]+)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: no {target}"


@pytest.mark.parametrize("page", PATHS_OF, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    folders = "docs|jobs|search_spaces|raylab|tests"
    for target in re.findall(rf"`((?:{folders})/[\w/.]+)`", page.read_text()):
        assert (ROOT / target).exists(), f"{page.name}: no {target}"


def test_the_tour_of_readme_is_the_tutorial() -> None:
    tutorial = tour(TUTORIAL.read_text())
    assert tour((ROOT / "README.md").read_text()) == tutorial
    assert len(tutorial) == 5


def test_the_picture_is_drawn_by_the_commands_of_the_tutorial() -> None:
    with PIL.Image.open(EMBEDDING) as picture:
        assert picture.info["Source"] == made_by(TUTORIAL.read_text()), (
            "run `python -m tests.tools.tutorial`"
        )
        assert min(picture.size) > 300


def test_an_output_is_shown_without_progress_and_long_tables() -> None:
    rows = "".join(f"│ {number} │\n" for number in range(9))
    printed = f"[12:00:01] 1/2\n[12:00:02] 2/2\n┏━━┓\n{rows}└──┘\n{'word ' * 30}\n\n"
    shown = brief(printed).split("\n")
    assert shown[:3] == ["...", "┏━━┓", "│ 0 │"]
    assert shown[-5:-3] == ["...", "└──┘"]
    assert max(map(len, shown)) <= 90
