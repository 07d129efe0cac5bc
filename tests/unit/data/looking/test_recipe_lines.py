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
TABLE = """
neural: {path: "cell*", kind: calcium}
time: {path: time}
labels: {position: {path: position, kind: continuous}}"""
MATLAB = """
neural: {path: data/dff, kind: calcium}
time: {path: data/time}
labels: {position: {path: data/beh/pos, kind: continuous}}"""
FILES = {
    "suite2p": "Suite2p folder, with a table of behaviour",
    "phy": "Kilosort/phy folder, with position and times",
    "caiman": "CaImAn results, with a position",
    "nwb_units": "NWB file with units",
    "nwb_traces": "NWB file with fluorescence",
    "matlab_5": "MATLAB file, version 5 or 7.3",
    "matlab_73": "MATLAB file, version 5 or 7.3",
    "csv": "CSV table",
    "parquet": "Parquet table",
    "excel": "Excel workbook",
    "hdf5": "HDF5 file",
    "trials": "folder with a tensor of trials",
    "npy": "NumPy array, with a file of labels",
    "deeplabcut": "traces with a DeepLabCut table",
}
# Of each form: its format and the other lines of the shortest recipe.
SHORTEST = {
    "suite2p": (
        "suite2p",
        """
companions: {behaviour: behaviour.csv}
labels: {position: {path: "behaviour:position_cm", kind: continuous, time: "behaviour:time_s"}}""",
    ),
    "phy": (
        "phy",
        """
spikes: {bin_s: 0.02}
labels: {position: {path: position, kind: continuous, time: position_times}}""",
    ),
    "caiman": (
        "caiman",
        """
companions: {position: caiman_position.npy}
labels: {position: {path: position, kind: continuous}}""",
    ),
    "nwb_units": (
        "nwb",
        """
spikes: {bin_s: 0.02}
labels: {position: {path: processing/behavior/Position/SpatialSeries/data, kind: continuous}}""",
    ),
    "nwb_traces": (
        "nwb",
        """
neural: {path: processing/ophys/Fluorescence/RoiResponseSeries/data, kind: calcium}
labels: {position: {path: processing/behavior/Position/SpatialSeries/data, kind: continuous}}""",
    ),
    "matlab_5": ("mat", MATLAB),
    "matlab_73": ("mat", MATLAB),
    "csv": ("csv", TABLE),
    "parquet": ("parquet", TABLE),
    "excel": ("excel", TABLE),
    "npy": (
        "npy",
        """
companions: {position: labels.npy}
neural: {path: array, kind: calcium}
time: {rate_hz: 20}
labels: {position: {path: position, kind: continuous}}""",
    ),
    "trials": (
        "npy",
        """
neural: {path: activity, kind: calcium, layout: trial_time_neuron}
time: {rate_hz: 20}
labels: {condition: {path: condition, kind: discrete}}""",
    ),
    "hdf5": (
        "hdf5",
        """
neural: {path: dff, kind: calcium}
time: {path: t}
labels: {position: {path: pos, kind: continuous}}""",
    ),
    "deeplabcut": (
        "npy",
        """
files: "*_dff.npy"
companions: {camera: {file: "*DLC_resnet50.csv", format: dlc}}
neural: {path: array, kind: calcium}
time: {rate_hz: 20}
labels: {nose: {path: "camera:nose", kind: continuous, rate_hz: 40}}""",
    ),
}


@pytest.mark.parametrize("form", SHORTEST)
def test_shortest_recipe_has_as_many_lines_as_documented(form: str, tmp_path: Path) -> None:
    format_name, lines = SHORTEST[form]
    text = f"format: {format_name}{lines}\n"
    (tmp_path / "recipe.yaml").write_text(text)
    recipe = load_recipe(str(tmp_path / "recipe.yaml"))
    (tmp_path / "raw").mkdir()
    path = getattr(lab_forms, form)(tmp_path / "raw", recording())
    (source,) = list_sources(path, recipe)
    assert len(read_source(source, recipe).labels) == 1
    row = rf"^\| {re.escape(FILES[form])} \| `{format_name}` \| (\d+) \|"
    documented = re.search(row, DOCS.read_text(encoding="utf-8"), re.M)
    assert documented is not None
    assert int(documented[1]) == text.count("\n")
