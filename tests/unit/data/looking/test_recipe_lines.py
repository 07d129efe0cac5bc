"""The documented number of lines of the shortest recipe of each form."""

from __future__ import annotations

import re
from pathlib import Path

import lab_forms
import pytest
from lab_files import recording

from raylab.data.load_recipe import load_recipe
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources

DOCS = Path(__file__).parents[4] / "docs" / "recipes.md"
SHORTEST = {
    "suite2p": """
companions: {behaviour: behaviour.csv}
labels: {position: {path: "behaviour:position_cm", kind: continuous, time: "behaviour:time_s"}}""",
    "phy": """
spikes: {bin_s: 0.02}
labels: {position: {path: position, kind: continuous, time: position_times}}""",
    "caiman": """
companions: {position: caiman_position.npy}
labels: {position: {path: position, kind: continuous}}""",
    "csv": """
neural: {path: "cell*", kind: calcium}
time: {path: time, unit: s}
labels: {position: {path: position, kind: continuous}}""",
}


@pytest.mark.parametrize("form", SHORTEST)
def test_shortest_recipe_has_as_many_lines_as_documented(form: str, tmp_path: Path) -> None:
    text = f"format: {form}{SHORTEST[form]}\n"
    (tmp_path / "recipe.yaml").write_text(text)
    recipe = load_recipe(str(tmp_path / "recipe.yaml"))
    (tmp_path / "raw").mkdir()
    path = getattr(lab_forms, form)(tmp_path / "raw", recording())
    (source,) = list_sources(path, recipe)
    assert len(read_source(source, recipe).labels) == 1
    documented = re.search(rf"^\| `{form}` \| (\d+) \|", DOCS.read_text(encoding="utf-8"), re.M)
    assert documented is not None
    assert int(documented[1]) == text.count("\n")
