"""The environment of allensdk: made once, by one process, whole or again; with programs that stand
in for Python.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from raylab.data.allen import environment
from raylab.data.allen.environment import (
    CONSTRAINTS,
    NAMED,
    READY,
    REQUIREMENTS,
    ensure_environment,
    find_python,
)
from raylab.errors import DataError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(NAMED, raising=False)
    return tmp_path / "cache"


def write_program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def python(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A base Python whose environments install (`pip`) and import (`check`) as told; every call is
    logged.
    """

    def make(*, pip: str = "exit 0", check: str = "echo 2.16.2") -> Path:
        log = shlex.quote(str(tmp_path / "log"))
        inner = tmp_path / "inner"
        write_program(
            inner, f'echo "inner $2" >>{log}\ncase "$2" in pip) {pip};; *) {check};; esac'
        )
        copy = f'mkdir -p "$3/bin"; cp {shlex.quote(str(inner))} "$3/bin/python"'
        base = write_program(tmp_path / "base", f'echo "base $2" >>{log}; sleep 0.2; {copy}')
        monkeypatch.setattr(environment, "find_python", lambda: base)
        return base

    return make


def log(tmp_path: Path) -> list[str]:
    return (tmp_path / "log").read_text().splitlines()


class TestMaking:
    def test_made_once_with_progress(
        self, tmp_path: Path, cache: Path, python: Callable[..., Path]
    ) -> None:
        python()
        message: list[str] = []
        found = ensure_environment(say=message.append)
        assert found.is_relative_to(cache / "raylab")
        assert log(tmp_path) == ["base venv", "inner pip", "inner -c"]
        assert [line.split()[0] for line in message] == ["Making", "Installing", "allensdk"]
        assert "a minute" in message[0]
        assert ensure_environment(say=message.append) == found
        assert len(log(tmp_path)) == 3
        assert len(message) == 3

    def test_progress_goes_to_standard_error(
        self, python: Callable[..., Path], capfd: pytest.CaptureFixture
    ) -> None:
        python()
        ensure_environment()
        shown = capfd.readouterr()
        assert shown.out == ""
        assert "Installing allensdk==2.16.2" in shown.err

    def test_a_half_made_one_is_made_again(
        self, tmp_path: Path, python: Callable[..., Path]
    ) -> None:
        python()
        folder = ensure_environment(say=print).parents[1]
        (folder / READY).unlink()  # as where the process died before the end
        (folder / "half").touch()
        ensure_environment(say=print)
        assert log(tmp_path).count("base venv") == 2
        assert not (folder / "half").exists()
        (folder / "bin" / "python").unlink()  # as where the Python it was made from went away
        ensure_environment(say=print)
        assert log(tmp_path).count("base venv") == 3

    def test_other_constraints_are_another_environment(
        self, tmp_path: Path, python: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        python()
        first = ensure_environment(say=print)
        other = tmp_path / "constraints.txt"
        other.write_text("numpy==1.23.4\n")
        monkeypatch.setattr(environment, "CONSTRAINTS", other)
        assert ensure_environment(say=print) != first

    def test_several_processes_make_one(self, tmp_path: Path, python: Callable[..., Path]) -> None:
        base = python()
        code = "import raylab.data.allen.environment as e, pathlib, sys\n"
        code += "e.find_python = lambda: pathlib.Path(sys.argv[1])\nprint(e.ensure_environment())"
        started = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(base)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        answers = [process.communicate(timeout=60) for process in started]
        assert len({out for out, _ in answers}) == 1
        assert log(tmp_path) == ["base venv", "inner pip", "inner -c"]
        assert sum("Making an environment" in err for _, err in answers) == 1

    def test_the_network_fails(self, python: Callable[..., Path]) -> None:
        python(
            pip=(
                "echo WARNING: retrying >&2; echo 'ERROR: No matching distribution found' >&2; "
                "exit 1"
            )
        )
        with pytest.raises(
            DataError, match=r"cannot install allensdk.*: ERROR: No matching distribution"
        ) as error:
            ensure_environment(say=print)
        assert "network" in error.value.remedy
        assert NAMED in error.value.remedy
        python()
        assert ensure_environment(say=print).exists()

    def test_an_environment_that_does_not_import_is_not_kept(
        self, python: Callable[..., Path]
    ) -> None:
        python(check="echo ImportError: numpy.core >&2; exit 1")
        for _ in range(2):
            with pytest.raises(DataError, match=r"cannot import allensdk.*ImportError: numpy.core"):
                ensure_environment(say=print)

    def test_no_end(self, python: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
        python(pip="exec sleep 60")
        monkeypatch.setattr(environment, "LIMIT_S", 0.5)
        with pytest.raises(DataError, match=r"cannot install allensdk .*no end after"):
            ensure_environment(say=print)

    def test_a_cache_that_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        monkeypatch.delenv(NAMED, raising=False)
        with pytest.raises(DataError, match="cannot be made there") as error:
            ensure_environment(say=print)
        assert "XDG_CACHE_HOME" in error.value.remedy


class TestNamed:
    def test_a_ready_interpreter_is_taken_as_it_is(
        self, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(NAMED, sys.executable)
        assert ensure_environment() == Path(sys.executable)
        assert not cache.exists()

    @pytest.mark.parametrize("name", ["nothing", "folder", "text"])
    def test_something_else_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "text").touch()
        monkeypatch.setenv(NAMED, str(tmp_path / name))
        with pytest.raises(DataError, match=f"{NAMED} names .*{name}', which is no program"):
            ensure_environment()


class TestFindingPython:
    def newer(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        """raylab itself runs on 3.13, and only `path` is searched."""
        monkeypatch.setattr(
            environment, "sys", SimpleNamespace(executable="/usr/bin/new", version_info=(3, 13, 0))
        )
        monkeypatch.setenv("PATH", str(path))

    def test_this_one_serves(self) -> None:
        if sys.version_info[:2] != (3, 11):
            pytest.skip("runs on another Python")
        assert find_python() == Path(sys.executable)

    def test_one_on_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.newer(monkeypatch, tmp_path)
        write_program(tmp_path / "python3.11", "echo 3 11")
        assert find_python() == tmp_path / "python3.11"

    def test_one_that_uv_knows_where_the_one_on_path_is_a_dead_shim(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.newer(monkeypatch, tmp_path)
        write_program(
            tmp_path / "python3.11", "echo 'pyenv: python3.11: command not found' >&2; exit 127"
        )
        write_program(tmp_path / "python3", "echo 3 12")
        write_program(tmp_path / "uv", f"echo {tmp_path}/managed")
        write_program(tmp_path / "managed", "echo 3 11")
        assert find_python() == tmp_path / "managed"

    def test_none_is_asked_for_in_so_many_words(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.newer(monkeypatch, tmp_path)
        with pytest.raises(
            DataError, match=r"allensdk needs a Python 3.11, and this machine has none"
        ) as error:
            find_python()
        assert "3.13" in error.value.what
        assert "python3.11" in error.value.remedy


class TestPins:
    def constraints(self) -> dict[str, str]:
        lines = CONSTRAINTS.read_text().splitlines()
        assert all(line.count("==") == 1 for line in lines)
        return {name.lower(): version for name, version in (line.split("==") for line in lines)}

    def test_the_dependency_group_says_the_same(self) -> None:
        group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["allen"]
        assert set(REQUIREMENTS) <= set(group)
        names = {Requirement(text).name for text in group}
        assert names >= {"allensdk", "setuptools", "statsmodels", "marshmallow", "hdmf"}
        pinned = self.constraints()
        for requirement in map(Requirement, group):
            if requirement.name != "allensdk":  # asked for by itself
                assert requirement.specifier.contains(pinned[requirement.name]), requirement

    def test_no_package_is_named_twice(self) -> None:
        assert len(self.constraints()) == len(CONSTRAINTS.read_text().splitlines())
