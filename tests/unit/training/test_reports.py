"""Reports are kept beside checkpoints: a killed driver or process loses no validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers import dataset, session

from raylab.space.space import Space
from raylab.training.reports import REPORTS, reports_before, store_report
from raylab.training.worker import TrialJob
from raylab.tuning.actor import TrialActor


def test_the_last_report_of_each_step_of_the_weights_that_are_kept(tmp_path: Path) -> None:
    for steps, piece, loss in (
        (10, 0, 1.0),
        (20, 0, 0.9),
        (20, 0, 0.8),
        (30, 0, 0.7),
        (30, 1, 0.6),
        (40, 1, 0.5),
    ):
        store_report(tmp_path, {"steps": steps, "piece": piece, "metrics": {"loss": loss}})
    with (tmp_path / REPORTS).open("a") as file:
        file.write('{"steps": 50, "pie')  # cut short with its process

    def losses(step: int, piece: int) -> list[float]:
        return [
            told["metrics"]["loss"] for told in reports_before(tmp_path, step=step, piece=piece)
        ]

    assert losses(30, 0) == [1.0, 0.8]
    assert losses(100, 1) == [0.6, 0.5]
    assert reports_before(tmp_path / "nowhere", step=10, piece=0) == []


def test_a_new_process_tells_what_the_one_before_may_not_have(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a", samples=400))
    base = {"training.max_steps": 40, "training.validate_every": 10, "training.batch_size": 32}
    config = Space(base={**base, "model.encoder.kind": "offset1"}).config({})
    job = TrialJob("0000", str(tmp_path / "trial"), str(data.path), config.model_dump(mode="json"))
    told: dict[str, Any] = {
        "job": job.as_dict(),
        "scored": {"objectives": ["decoding.score"], "rung": "decoding.score"},
        "since": 0,
    }
    first = TrialActor(told)
    results = [first.step() for _ in range(3)]
    assert results[0]["earlier"] == []
    assert "earlier" not in results[1]
    again = TrialActor(told)  # as if the driver had heard of none of them
    result = again.step()
    assert result["steps"] == 40
    assert [one["steps"] for one in result["earlier"]] == [10, 20, 30]
    assert [one["score"] for one in result["earlier"]] == [one["score"] for one in results]
    assert [one["steps"] for one in TrialActor({**told, "since": 20}).step()["earlier"]] == [30]
