"""Code of README and docs: every block has a language, and each is run or says why it is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from page_blocks import page_blocks, run_elsewhere, starts_from
from page_materials import MATERIALS

from raylab.config.parse import parse_trial
from raylab.data.recipe import Recipe, parse_recipe
from raylab.space.space import Space

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"bash", "python", "yaml", "toml", "text", "json"}
# How a reason begins: what the block needs, or what runs it instead. `make pages` runs the first.
REASONS = ("needs ", "takes ", "serves ", "the same as ", "shows ")
WHOLE = {"neural": {"path": "x", "kind": "calcium"}, "time": {"rate_hz": 30}}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_every_block_has_a_language(page: Path) -> None:
    text = page.read_text()
    assert text.count("\n```") % 2 == 0
    for block in page_blocks(text):
        assert block.language in LANGUAGES, f"{page.name}, line {block.line}"
    prose = re.sub(r"(?ms)^```.*?^```$|^<!--.*?-->$", "", text)
    indented = re.findall(r"(?m)(?<=\n\n)    .*$", prose)
    assert [line for line in indented if not line.startswith("    - ")] == []


@each_page
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    text = page.read_text()
    for block in page_blocks(text):
        if block.reason:
            assert block.reason.startswith(REASONS), f"{page.name}, line {block.line}"
    assert text.count("<!-- not run: ") == sum(bool(block.reason) for block in page_blocks(text))
    for name in run_elsewhere(text):
        assert (
            page.name in (ROOT / name).read_text() or "plugin_packages" in (ROOT / name).read_text()
        )


@each_page
def test_a_page_starts_from_what_is_made(page: Path) -> None:
    assert set(starts_from(page.read_text())) <= set(MATERIALS)


@each_page
def test_python_parses(page: Path) -> None:
    for block in page_blocks(page.read_text()):
        if block.language == "python":
            ast.parse(block.text, f"{page.name}, line {block.line}")


@each_page
def test_yaml_is_a_recipe_a_space_or_a_config(page: Path) -> None:
    if page.name == "extending.md":  # of plug-ins, which are not installed here
        pytest.skip("tests install the plug-ins of this page")
    for block in page_blocks(page.read_text()):
        if block.language != "yaml" or block.reason:
            continue
        for paragraph in paragraphs(block.text):
            check(paragraph, f"{page.name}, line {block.line}")


def paragraphs(text: str) -> list[dict[str, Any]]:
    """A block as one mapping, or as several where a key stands in it more than once."""
    keys = re.findall(r"(?m)^(\w+):", text)
    pieces = [text] if len(keys) == len(set(keys)) else re.split(r"\n\n+", text)
    return [yaml.safe_load(piece) for piece in pieces]


def check(value: dict[str, Any], where: str) -> None:
    """Raises where a key is unknown, or a value is of a wrong kind."""
    if value.keys() <= Space.model_fields.keys():
        Space(**value)
    elif "format" in value or value.keys() <= Recipe.model_fields.keys():
        missing = {} if {"spikes", "neural"} & value.keys() else WHOLE
        parse_recipe({**describes_itself(value, missing), **value}, where)
    else:
        parse_trial(value, where)


def describes_itself(value: dict[str, Any], missing: dict[str, Any]) -> dict[str, Any]:
    """What a fragment of a recipe lacks; formats that describe themselves lack nothing."""
    if value.get("format") in ("suite2p", "phy", "caiman", "allen_ophys", "allen_ecephys"):
        return {}
    return {"format": "hdf5", **missing}
