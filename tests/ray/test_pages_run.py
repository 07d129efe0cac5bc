"""Every command and every block of Python in README and docs works, in the order of the page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_blocks import page_blocks, run_elsewhere, starts_from
from page_materials import Materials
from page_run import PageRun
from page_sizes import make_small

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    page.name: text
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for text in [page.read_text()]
    if not run_elsewhere(text)
    and any(
        block.language in ("bash", "python") and not block.reason for block in page_blocks(text)
    )
}


@pytest.fixture(scope="module")
def materials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Materials]:
    """What pages start from; afterwards the Ray that all pages shared ends."""
    import ray

    yield Materials(tmp_path_factory.mktemp("materials"))
    ray.shutdown()


@pytest.mark.ray
@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs(
    name: str, materials: Materials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGES[name]
    monkeypatch.chdir(tmp_path)
    for material in starts_from(page):
        materials.put(material, tmp_path)
    if "takes" not in os.environ.get("RAYLAB_PAGES", ""):
        make_small(monkeypatch)
        monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
    PageRun(tmp_path, name).run(page)
