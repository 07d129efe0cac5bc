"""The site: what its pages are made from, and that it loads nothing from another server."""

from __future__ import annotations

import re
from inspect import isclass, isfunction
from pathlib import Path
from typing import get_args, get_type_hints

import matplotlib.image
import numpy as np
import pytest

import raylab
from docs.site.check import loaded_from_elsewhere
from docs.site.commands import commands_page
from docs.site.pictures import PICTURES, draw_session, search_value
from docs.site.places import ROOT, page, place
from raylab.cli.group import VERBS
from raylab.reporting.figures.files import save_figure

DOCS = ROOT / "docs"
REFERENCE = re.findall(r"(?m)^::: (\S+)$", (DOCS / "reference.md").read_text())


def test_links_lead_to_pages_of_the_site() -> None:
    text = (
        "[a](views.md#memory) [b](../raylab/errors.py) [c](../CONTRIBUTING.md) [d](https://e.org)\n"
        "![e](pictures/session.png) [f](notebooks/search.ipynb) `[g](h.md)`\n"
        "<!-- not run: needs a network -->\n```bash\n[i](j.md)\n```\n"
    )
    changed, named = page(text, DOCS / "index.md")
    assert changed == (
        "[a](views.md#memory) [b](files/raylab/errors.py.md) [c](development/contributing.md)"
        " [d](https://e.org)\n![e](pictures/session.png) [f](notebooks/search.md) `[g](h.md)`\n"
        "```bash\n[i](j.md)\n```\n"
    )
    assert ROOT / "raylab" / "errors.py" in named
    assert page("[a](docs/views.md)", ROOT / "README.md")[0] == "[a](views.md)"
    assert place(ROOT / "raylab" / "space") == Path("files/raylab/space/index.md")


def test_every_public_name_is_in_the_reference_once() -> None:
    documented = [name.removeprefix("raylab.") for name in REFERENCE if name.count(".") == 1]
    assert sorted(documented) == sorted(raylab._PUBLIC)


def test_every_result_is_in_the_reference() -> None:
    functions = [getattr(raylab, name) for name in raylab._PUBLIC]
    missing = set()
    for function in filter(isfunction, functions):
        returned = get_type_hints(function)["return"]
        for kind in {returned, *get_args(returned)}:
            path = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', '')}"
            public = any(getattr(raylab, name) is kind for name in raylab._PUBLIC)
            if isclass(kind) and path.startswith("raylab.") and not public:
                missing |= {path} - {*REFERENCE, "raylab.space.parameters.Parameter"}
    assert missing == set()


def test_every_verb_is_on_the_page_of_commands() -> None:
    text = commands_page()
    assert [line[10:] for line in text.split("\n") if line.startswith("## ")] == list(VERBS)
    assert "--trials INTEGER" in text


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        (
            "a.html",
            '<script src="https://cdn.org/a.js"></script>',
            ["a.html: https://cdn.org/a.js"],
        ),
        ("a.html", '<img alt="b" src=//x.org/b.png>', ["a.html: //x.org/b.png"]),
        (
            "a.html",
            '<link href="https://fonts.org/c" rel="stylesheet">',
            ["a.html: https://fonts.org/c"],
        ),
        ("a.html", '<a href="https://x.org">x</a><img src="y.png"><link rel="canonical">', []),
        ("a.css", "@import url('https://x.org/y.css');", ["a.css: https://x.org/y.css"]),
    ],
)
def test_what_is_loaded_from_elsewhere(
    tmp_path: Path, name: str, content: str, found: list[str]
) -> None:
    (tmp_path / name).write_text(content)
    assert loaded_from_elsewhere(tmp_path) == found


def alike(one: Path, other: Path) -> bool:
    """Whether two pictures are the same to the eye: renderers differ in single pixels, so squares
    of 10 x 10 pixels are compared.
    """
    first, second = (matplotlib.image.imread(path)[..., :3].mean(2) for path in (one, other))
    if first.shape != second.shape:
        return False
    rows, columns = (size - size % 10 for size in first.shape)
    difference = np.abs(first - second)[:rows, :columns]
    squares = difference.reshape(rows // 10, 10, columns // 10, 10).mean((1, 3))
    return float(squares.max()) < 0.15


def test_pictures_are_those_that_are_drawn(tmp_path: Path) -> None:
    draw_session(tmp_path / "session.png")
    page = (DOCS / "results.md").read_text()
    save_figure(tmp_path / "search_value.png", search_value(page))
    save_figure(tmp_path / "other.png", search_value(page.replace("0.853 ±", "0.753 ±")))
    for name in ("session.png", "search_value.png"):
        assert alike(tmp_path / name, PICTURES / name), "run `python -m docs.site.pictures`"
    assert not alike(tmp_path / "other.png", PICTURES / "search_value.png")
