"""Models for others: out of a study, into one, on the command line. tests/conformance opens the
files with CEBRA.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import dataset, session, small_study

import raylab
from raylab.cli import main
from raylab.errors import ConfigError, RaylabError, StudyError
from raylab.tracking.study import StudyFolder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    folder = tmp_path_factory.mktemp("exchange")
    return small_study(
        folder / "study", dataset(folder / "ds", session("a"), session("b", units=4, seed=1))
    )


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    try:
        main([str(argument) for argument in arguments])
        code = 0
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_there_and_back_on_the_command_line(
    study: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Study -> CEBRA's file -> raylab's folder -> CEBRA's file of one session: the same embedding
    all the way.
    """
    file, folder, alone = tmp_path / "all.pt", tmp_path / "model", tmp_path / "b.pt"
    assert run(capsys, "export", study.path, "--format", "cebra", "--out", file) == (
        0,
        f"{file}: a, b\n",
        "",
    )
    assert run(capsys, "export", file, "--format", "raylab", "--out", folder) == (
        0,
        f"{folder}: a, b\n",
        "",
    )
    arguments = ("export", folder, "--format", "cebra", "--session", "b", "--out", alone)
    assert run(capsys, *arguments) == (0, f"{alone}: b\n", "")
    x = session("b", units=4, seed=1).neural
    expected = raylab.load(study.path).transform(x, session="b")
    for found in (file, folder):
        np.testing.assert_allclose(
            raylab.load(found).transform(x, session="b"), expected, atol=1e-5
        )
    np.testing.assert_allclose(raylab.from_cebra(alone).transform(x), expected, atol=1e-5)


def test_a_model_without_its_study(study: StudyFolder, tmp_path: Path) -> None:
    """The folder is the trial's own, with its view and fingerprint, and no pickle in it."""
    assert raylab.export_model(study.path, out=tmp_path / "model", form="raylab", trial="0000") == [
        "a",
        "b",
    ]
    original = study.model_folder("0000")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        path.name for path in original.iterdir()
    }
    for path in original.iterdir():
        assert (tmp_path / "model" / path.name).read_bytes() == path.read_bytes()
    x = session("a").neural
    found = raylab.load(tmp_path / "model").transform(x, session="a")
    assert np.array_equal(found, raylab.load(study.path, trial="0000").transform(x, session="a"))
    assert not np.array_equal(found, raylab.load(study.path).transform(x, session="a"))


def test_the_file_opens_without_running_anything(study: StudyFolder, tmp_path: Path) -> None:
    raylab.export_model(study.path, out=tmp_path / "model.pt", form="cebra")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert content["metadata"]["raylab_sessions"] == ["a", "b"]
    assert content["state"]["n_features_in_"] == [6, 4]


def test_refusals(study: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there").write_text("")
    for form in ("raylab", "cebra"):
        with pytest.raises(StudyError, match="already exists"):
            raylab.export_model(study.path, out=tmp_path / "there", form=form)
    with pytest.raises(ConfigError, match="keeps all its sessions"):
        raylab.export_model(study.path, out=tmp_path / "model", form="raylab", session="a")
    with pytest.raises(RaylabError, match="does not know session 'c'"):
        raylab.export_model(study.path, out=tmp_path / "model.pt", form="cebra", session="c")
    with pytest.raises(StudyError, match="a single model, not a study"):
        raylab.load(study.model_folder("0000"), trial="0001")
    for more, said in (
        (("--session", "a"), "--session needs"),
        (("--format", "cebra", "--split", "test"), "--split needs"),
    ):
        code, _, error = run(capsys, "export", study.path, "--out", tmp_path / "e", *more)
        assert (code, said in error) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_view_that_cebra_lacks_is_named_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = small_study(
        tmp_path / "study", dataset(tmp_path / "ds"), scores=(0.5,), view={"smoothing_ms": 200}
    )
    code, out, error = run(
        capsys, "export", made.path, "--format", "cebra", "--out", tmp_path / "model.pt"
    )
    assert (code, out) == (2, "")
    assert "view.smoothing_ms 200" in error
    assert "Traceback" not in error
