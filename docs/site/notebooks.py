"""Notebooks as pages: each is run from its first cell to its last, and shown with its results."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter
from traitlets.config import Config

from docs.site.places import page

SECONDS = 300  # for a cell
_JOINED = "nbconvert.preprocessors.CoalesceStreamsPreprocessor"  # what a cell prints is one block


def run_notebooks(folder: Path, out: Path, *, run: bool) -> None:
    """Write each notebook of a folder as a page.

    Args:
        folder: The notebooks, stored without results.
        out: The folder of the pages and their pictures.
        run: Whether the notebooks are run first.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell of a notebook fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        if run:
            notebook = executed(notebook)
        body, resources = MarkdownExporter(preprocessors=[_JOINED]).from_notebook_node(
            notebook, resources={"unique_key": file.stem, "output_files_dir": f"{file.stem}_files"}
        )
        for name, content in resources["outputs"].items():
            picture = out / name
            picture.parent.mkdir(exist_ok=True)
            picture.write_bytes(content)
        (out / f"{file.stem}.md").write_text(page(body, file)[0])
        shutil.copy(file, out)


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook with its results, run in a folder of its own, in which MLflow's store is, too."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RAYLAB_HOME": str(Path(folder) / "runs")}
        resources = {"metadata": {"path": folder}}
        # Files between the notebook and its kernel: no port is opened.
        files = Config(KernelManager={"transport": "ipc", "ip": str(Path(folder) / "kernel")})
        client = NotebookClient(notebook, timeout=SECONDS, resources=resources, config=files)
        client.execute(env=environment)
    for cell in notebook.cells:  # what libraries say about a terminal is nothing for a page
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    return notebook
