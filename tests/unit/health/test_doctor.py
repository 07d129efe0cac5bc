"""`raylab doctor`: each check on facts that are made up, and the verb on this machine."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fake_study import fake_study

import raylab
from raylab.authentication import insecure, refuse_disabled
from raylab.cli import main
from raylab.errors import RaylabError
from raylab.health import access, machine, rays, versions
from raylab.health import study as folder
from raylab.health.access import Instance
from raylab.health.finding import Finding
from raylab.health.versions import Hole

OPEN = Instance("10.0.0.1:6379", asks=False)
CLOSED = Instance("10.0.0.1:6380", dashboard="127.0.0.1:8265")
TABLE = (
    Hole("ray", "2.52", "a", "A"),
    Hole("ray", "2.55", "b", "B"),
    Hole("torch", "2.10", "c", "C"),
)
GPU = machine.Gpus(["H200"], "12.8", "570.86.15")


@pytest.mark.parametrize(
    ("finding", "level", "told"),
    [
        (access.mode({}), "ok", "requires a token"),
        (access.mode({"RAY_AUTH_MODE": "token"}), "ok", "requires a token"),
        (access.mode({"RAY_AUTH_MODE": "disabled"}), "problem", "RAY_AUTH_MODE=disabled"),
        (access.token(Path("t"), 0o600, {}), "ok", "owner only"),
        (access.token(Path("t"), 0o644, {}), "problem", "mode 0644"),
        (access.token(Path("t"), 0o620, {}), "problem", "mode 0620"),
        (access.token(Path("t"), None, {}), "ok", "does not exist yet"),
        (access.token(Path("t"), None, {"RAY_AUTH_TOKEN_PATH": "t"}), "problem", "t: no such file"),
        (access.token(Path("t"), None, {"RAY_ADDRESS": "head:6379"}), "problem", "t: no such file"),
        (access.token(Path("t"), 0o600, {"RAY_AUTH_TOKEN": "x"}), "warning", "RAY_AUTH_TOKEN"),
        (access.instances([]), "ok", "no Ray"),
        (access.instances([CLOSED]), "ok", "10.0.0.1:6380"),
        (access.instances([CLOSED, OPEN]), "warning", "2 Ray clusters run on this machine "
                                                      "(10.0.0.1:6380, 10.0.0.1"),
        (access.dashboards([CLOSED]), "ok", "loopback"),
        (access.dashboards([Instance("a:1", dashboard="0.0.0.0:8265")]), "warning", "0.0.0.0:8265 "
                                                                                    "(of a:1)"),
        (
            access.dashboards([Instance("a:1", asks=False, dashboard="0.0.0.0:8265")]),
            "problem",
            "0.0.0.0:8265",
        ),
        (access.cluster("a:1", True), "ok", "requires a token"),
        (access.cluster("a:1", False), "problem", "requires no token"),
        (access.cluster("a:1", None, "it is gone"), "problem", "a:1: it is gone"),
        (versions.python("3.11.7", ">=3.11"), "ok", "3.11.7"),
        (versions.python("3.10.2", ">=3.11"), "problem", "raylab needs >=3.11"),
        (versions.ranges(["ray[data]>=2.60,<3"], {"ray": "2.60.0"}), "ok", "all versions are in"),
        (versions.ranges(["ray[data]>=2.60,<3"], {"ray": "2.59.1"}), "problem", "ray 2.59.1 "
                                                                                "(wanted "
                                                                                "<3,>=2.60)"),
        (versions.ranges(["h5py>=3.11"], {}), "problem", "h5py missing"),
        (versions.ranges(['ripser>=0.6; extra == "topology"'], {}), "ok", "all versions are in"),
        (machine.disk("d", Path("/d"), free=300e9, total=900e9), "ok", "300.0 of 900 GB free"),
        (machine.disk("d", Path("/d"), free=30e9, total=900e9), "warning", "at which Ray stops "
                                                                           "writing"),
        (machine.disk("d", Path("/d"), free=4e9, total=9e9), "warning", "4.0 of 9 GB free"),
        (machine.disk("d", Path("/d"), free=0.5e9, total=9e9), "problem", "0.5 of 9 GB free"),
        (machine.shared_memory(8e9, 2e9), "ok", "8.0 GB"),
        (machine.shared_memory(64e6, 2e9), "warning", "/dev/shm has 0.06 GB"),
        (machine.shared_memory(None, 2e9), "ok", "no /dev/shm"),
        (machine.open_files(65536), "ok", "65536"),
        (machine.open_files(-1), "ok", "any number"),
        (machine.open_files(1024), "warning", "1024"),
        (machine.clock(0.3, "s"), "ok", "agrees to 0.30 s"),
        (machine.clock(5.0, "s"), "warning", "5.0 s ahead"),
        (machine.clock(-5.0, "s"), "warning", "5.0 s behind"),
        (machine.clock(5.0, "s", slack_s=4.0), "ok", "9.00 s"),
        (machine.gpu(GPU, {}), "ok", "H200 (driver 570.86.15, CUDA 12.8)"),
        (machine.gpu(machine.Gpus([], None, None), {}), "ok", "no NVIDIA driver"),
        (machine.gpu(machine.Gpus([], None, "570"), {}), "warning", "a build for CPUs"),
        (
            machine.gpu(machine.Gpus([], "12.8", "570"), {"CUDA_VISIBLE_DEVICES": ""}),
            "warning",
            "CUDA_VISIBLE",
        ),
        (machine.gpu(machine.Gpus([], "12.8", "470"), {}), "warning", "driver 470 is there, torch "
                                                                      "sees no GPU"),
        (rays.dashboard("", 0), "warning", "no dashboard"),
        (rays.dashboard("127.0.0.1:8265", 0), "warning", "the head's own loopback"),
        (rays.dashboard("127.0.0.1:8265", 401), "ok", "requires a token"),
        (rays.dashboard("127.0.0.1:8265", 200), "problem", "answers without a token"),
        (folder.pickles([]), "ok", "no pickle"),
        (folder.pickles(list("abcde")), "warning", "a, b, c and 2 more"),
    ],
)  # fmt: skip
def test_a_check_says_how_bad_it_is_and_what_to_do(finding: Finding, level: str, told: str) -> None:
    assert finding.level == level
    assert told in finding.what
    assert bool(finding.remedy) == (level != "ok")


def test_an_open_ray_is_the_problem_of_its_owner() -> None:
    assert [one.level for one in access.open_instances([CLOSED])] == ["ok"]
    others = Instance("10.0.0.1:6381", own=False, asks=False)
    silent = Instance("10.0.0.1:6382", asks=None)
    found = access.open_instances([CLOSED, OPEN, others, silent])
    assert [one.level for one in found] == ["problem", "warning", "warning"]
    assert [address in one.what for one, address in zip(found, ("6379", "6381", "6382"))] == [
        True
    ] * 3


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        ({"ray": "2.55.0", "torch": "2.10.0+cpu"}, []),
        ({"ray": "2.54.1", "torch": "2.13.0"}, ["ray 2.54.1: b (B)"]),
        ({"ray": "2.9.0", "torch": "2.9.1"}, ["ray 2.9.0: a (A); b (B)", "torch 2.9.1: c (C)"]),
        ({}, []),
    ],
)
def test_versions_with_known_holes(installed: dict[str, str], told: Sequence[str]) -> None:
    found = versions.holes(installed, TABLE)
    assert [one.what for one in found if one.level == "problem"] == told
    assert [one.level for one in found] == (["problem"] * len(told) or ["ok"])


def test_no_known_hole_is_within_the_ranges_that_raylab_asks_for() -> None:
    """A hole that becomes known moves the range, too."""
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    wanted = {one.name: one.specifier for one in map(Requirement, requires("raylab") or [])}
    for hole in versions.HOLES:
        least = next(part.version for part in wanted[hole.package] if part.operator == ">=")
        assert versions.holes({hole.package: least}) == versions.holes({})


def test_options_of_a_process() -> None:
    words = ["gcs_server", "--gcs_server_port=50819", "--node-ip-address=10.0.0.1"]
    assert rays.option(words, "--gcs_server_port") == "50819"
    assert rays.option(words, "--gcs_server") == ""


def test_the_driver_of_a_study(tmp_path: Path) -> None:
    ended = fake_study(tmp_path / "ended", states=("completed", "pruned"))
    found = {one.check: one for one in folder.study(ended.path)}
    assert found["driver"].level == "ok"
    assert "none of its 2 trials" in found["driver"].what
    broken = fake_study(tmp_path / "broken", states=("completed", "interrupted"), end=False)
    with broken.hold():
        (driver, *_) = folder.study(broken.path)
        assert (driver.level, "is running this study" in driver.what) == ("ok", True)
    driver = folder.driver(broken.path, broken.records(), live=False, ended=False, lock=True)
    assert driver.level == "warning"
    assert "driver.lock" in driver.what
    assert "interrupted: 0001" in driver.what
    assert driver.remedy == f"raylab resume {broken.path}"
    (missing,) = folder.study(tmp_path / "none")
    assert missing.level == "problem"


def test_pickles_are_known_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(pickle.dumps([1]))
    torch.save({"w": torch.zeros(2)}, tmp_path / "b.weights")
    np.savez(tmp_path / "c.npz", x=np.zeros(3))
    (tmp_path / "d.pkl").write_text("a name says nothing")
    (tmp_path / ".tune").mkdir()
    (tmp_path / ".tune" / "tuner.pkl").write_bytes(pickle.dumps({}))
    assert folder.pickled(tmp_path) == [".tune/tuner.pkl", "a.bin", "b.weights"]
    assert folder.pickled(tmp_path, live=True) == ["a.bin", "b.weights"]


def test_optunas_database(tmp_path: Path) -> None:
    path = tmp_path / "optuna.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE trials (trial_id INTEGER)")
        made.execute("CREATE TABLE trial_system_attributes (key TEXT, value_json TEXT)")
        made.executemany("INSERT INTO trials VALUES (?)", [(number,) for number in range(4000)])
    made.close()
    assert folder.database(path) == Finding(
        "Optuna's database", "ok", f"{path}: whole, 4000 trials, no pickle"
    )
    with sqlite3.connect(path) as made:
        made.execute("INSERT INTO trial_system_attributes VALUES ('cma:optimizer:0', '8004')")
    made.close()
    assert folder.database(path).level == "warning"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    assert folder.database(path).level == "problem"
    path.write_bytes(b"not a database" * 100)
    assert "not a database" in folder.database(path).what


def test_a_later_clock_of_the_storage_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert abs(machine.storage_offset(tmp_path)) < 0.5
    now = machine.time.time
    monkeypatch.setattr(machine.time, "time", lambda: now() - 100)
    assert machine.storage_offset(tmp_path) == pytest.approx(100, abs=0.5)
    assert list(tmp_path.iterdir()) == []


def test_the_drivers_version_is_read(tmp_path: Path) -> None:
    told = tmp_path / "version"
    assert machine._driver(told) is None
    told.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Tue Jan 14 2026\nGCC version "
        "11.4.0\n"
    )
    assert machine._driver(told) == "570.86.15"


def test_the_verb_says_all_and_exits_by_the_worst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = fake_study(tmp_path / "study")
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(rays, "running", lambda: [CLOSED])
    main(["doctor", str(study.path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {one["check"] for one in found} == {
        "token in force", "token file", "one Ray", "open "
                                                   "Ray", "dashboard "
                                                          "binding", "Python", "known "
                                                                               "holes", "packages",
        "disk", "shared memory", "open files", "GPU", "clock", "driver", "pickles",
    }  # fmt: skip
    assert [one["what"] for one in found if one["level"] == "problem"] == []
    assert [one["level"] for one in found if one["check"] == "driver"] == [
        "warning"
    ]  # its sixth trial was interrupted
    monkeypatch.setattr(rays, "running", lambda: [OPEN])
    with pytest.raises(SystemExit) as end:
        main(["doctor"])
    assert end.value.code == 1
    shown = capsys.readouterr().out
    assert "10.0.0.1:6379 requires no token" in " ".join(shown.replace("│", " ").split())


def test_insecure_is_understood_anywhere_and_forgotten_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fake_study(tmp_path / "s")
    monkeypatch.delenv("RAYLAB_INSECURE", raising=False)
    seen: list[bool] = []
    monkeypatch.setattr(
        raylab, "sync", lambda study: seen.append(insecure()) or _Nothing(), raising=False
    )
    for arguments in (["sync", "s"], ["sync", "s", "--insecure"], ["--insecure", "sync", "s"]):
        main(arguments)
    assert seen == [False, True, True]
    assert "RAYLAB_INSECURE" not in os.environ
    monkeypatch.setenv("RAYLAB_INSECURE", "0")
    main(["--insecure", "sync", "s"])
    assert (seen[-1], os.environ["RAYLAB_INSECURE"]) == (True, "0")
    assert not insecure()


class _Nothing:
    description: dict[str, Any] = {"tracking": {"uri": ""}}

    def records(self) -> list[Any]:
        return []


def test_a_local_ray_without_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAYLAB_INSECURE", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    refuse_disabled()
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(RaylabError, match=r"RAY_AUTH_MODE=disabled.*no token") as error:
        refuse_disabled()
    assert "--insecure" in error.value.remedy
    monkeypatch.setenv("RAYLAB_INSECURE", "1")
    refuse_disabled()
