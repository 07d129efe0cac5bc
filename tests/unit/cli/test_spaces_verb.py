"""`raylab spaces`, and shipped search spaces by name wherever one is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import dataset

from raylab.cli import main
from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.shipped import entrant_files, named_space, sentence_of, space_file, space_files
from raylab.tuning.entrants.entrants_for import entrants_for


def test_each_space_is_listed_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    main(["spaces"])
    text = capsys.readouterr().out
    for name in (*space_files(), *entrant_files()):
        assert f"  {name} " in text
    assert "  ridge             Ridge regression of a window of activity" in text
    assert max(map(len, text.splitlines())) <= 100
    main(["spaces", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert list(listed["searches"]) == list(space_files())


@pytest.mark.parametrize("file", [*space_files().values(), *entrant_files().values()])
def test_every_space_says_what_it_is_for(file: Path) -> None:
    sentence = sentence_of(file)
    assert sentence.endswith(".")
    assert 20 < len(sentence) < 160


def test_a_space_is_printed_and_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["spaces", "decoder"])
    assert capsys.readouterr().out == space_file("decoder").read_text()
    main(["spaces", "decoder", "--out", "mine.yaml"])
    assert Path("mine.yaml").read_bytes() == space_file("decoder").read_bytes()
    for words, message in (
        (["spaces", "decoder", "--out", "mine.yaml"], "mine.yaml: already exists"),
        (["spaces", "decodr"], "Did you mean 'decoder'?"),
        (["spaces", "--out", "other.yaml"], "--out needs the name"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert message in capsys.readouterr().err


def test_a_name_is_as_good_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contrastive").mkdir()  # such as a study of this name
    assert load_space("contrastive") == load_space(space_file("contrastive"))
    assert load_space(Path("ridge")) == load_space(space_file("ridge"))
    with pytest.raises(ConfigError, match="no search space is called 'contrastiv'") as error:
        load_space("contrastiv")
    assert "Did you mean 'contrastive'?" in error.value.remedy
    with pytest.raises(ConfigError, match=r"search_spaces/vqvae.yaml: no such file") as error:
        load_space("search_spaces/vqvae.yaml")
    assert "give 'vqvae'" in error.value.remedy


def test_a_file_of_a_shipped_name_is_ambiguous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vqvae.yaml").write_text("budget: {trials: 3}\n")
    assert load_space("vqvae.yaml").budget.trials == 3  # a path
    assert named_space("vqvae") == space_file("vqvae")  # a name
    (tmp_path / "vqvae").write_text("budget: {trials: 4}\n")
    with pytest.raises(ConfigError, match="ships, and a file in this folder"):
        load_space("vqvae")
    assert load_space("./vqvae").budget.trials == 4
    (tmp_path / "mine").write_text("budget: {trials: 5}\n")
    assert load_space("mine").budget.trials == 5


def test_errors_name_the_space_and_its_line() -> None:
    with pytest.raises(ConfigError, match=r"--set budget.trials"):
        load_space("decoder", {"budget.trials": "many"})


def test_an_answer_takes_a_shipped_space_by_name(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    names = [each.name for each in entrants_for(data, "position", families=[], space="training")]
    assert names[-1] == "training"
    with pytest.raises(ConfigError, match="the name of an entrant of raylab") as error:
        entrants_for(data, "position", families=[], space="ridge")
    assert error.value.remedy == "Leave it out: use --families ridge."
