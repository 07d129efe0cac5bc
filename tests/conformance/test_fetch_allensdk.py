"""allensdk itself, on the same warehouse: it lists what raylab lists, and counts what raylab
counts.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from warehouse_tables import warehouse

import raylab
from raylab.data.allen.environment import NAMED, environment_folder

CODE = """
import json, logging, sys, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
from allensdk.core.brain_observatory_cache import BrainObservatoryCache
from allensdk.brain_observatory.ecephys.ecephys_project_cache import EcephysProjectCache
base, folder = sys.argv[1:]
ophys = BrainObservatoryCache(manifest_file=folder + "/ophys/manifest.json", base_uri=base)
found = {
    str(row["id"]): [[row["targeted_structure"]], row["imaging_depth"], row["cre_line"],
                     row["session_type"], row["donor_name"], row["experiment_container_id"],
                     sorted(ophys.get_ophys_experiment_stimuli(row["id"]))]
    for row in ophys.get_ophys_experiments()
}
host = base.split("//")[1]
table = EcephysProjectCache.from_warehouse(
    scheme="http", host=host, manifest=folder + "/ecephys/manifest.json", asynchronous=False
).get_session_table()
for number, row in table.iterrows():
    areas = sorted(area for area in row["ecephys_structure_acronyms"] if isinstance(area, str))
    found[str(number)] = [areas, row["session_type"], int(row["unit_count"])]
print(json.dumps(found))
"""


@pytest.fixture
def python() -> Path:
    named = Path(os.environ.get(NAMED) or environment_folder() / "bin" / "python")
    if not named.exists():
        pytest.skip(f"allensdk has no environment yet: {named}")
    return named


@pytest.mark.allen
def test_allensdk_lists_the_same(python: Path, tmp_path: Path) -> None:
    with warehouse() as served:
        command = [python, "-I", "-c", CODE, served.uri, tmp_path]
        quiet = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        shown = subprocess.run(command, capture_output=True, text=True, env=quiet, timeout=300)
        assert shown.returncode == 0, shown.stderr
        found = {}
        for source in ("allen-ophys", "allen-ecephys"):
            for match in raylab.fetch(
                source, out=tmp_path, base_uri=served.uri, dry_run=True
            ).matched:
                one = match.session
                if source == "allen-ophys":
                    described = [
                        one.depth_um,
                        one.cre,
                        one.session_type,
                        one.animal,
                        one.container,
                        sorted(one.stimuli),
                    ]
                else:
                    described = [one.session_type, one.neurons]
                found[str(one.id)] = [list(one.areas), *described]
    assert len(found) == 7
    assert json.loads(shown.stdout) == found
