"""A run as MLflow has it; each method adds only what the run lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from raylab.tracking.runs import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass
class StoredRun:
    """A run as MLflow has it; each method adds only what it lacks.

    Attributes:
        points: (key, step, value) of its metrics; None until they are needed.
        ended: Milliseconds since 1970.
    """

    client: MlflowClient
    id: str
    status: str
    ended: int | None
    tags: dict[str, str]
    params: set[str]
    points: set[tuple[str, int, str]] | None

    @classmethod
    def create(
        cls,
        client: MlflowClient,
        *,
        experiment: str,
        name: str,
        started: int,
        tags: Mapping[str, str],
    ) -> StoredRun:
        run = client.create_run(experiment, start_time=started, tags=dict(tags), run_name=name)
        return cls(client, run.info.run_id, run.info.status, None, dict(tags), set(), set())

    @classmethod
    def search(
        cls, client: MlflowClient, *, experiment: str, tag: str, value: str
    ) -> Iterator[StoredRun]:
        """Every run with this tag, the earliest first."""
        query, token = f"tags.`{tag}` = '{value}'", None
        while True:
            page = client.search_runs(
                [experiment], query, order_by=["attributes.start_time ASC"], page_token=token
            )
            for run in page:
                points: set[tuple[str, int, str]] | None = None if run.data.metrics else set()
                info, data = run.info, run.data
                yield cls(
                    client,
                    info.run_id,
                    info.status,
                    info.end_time,
                    dict(data.tags),
                    set(data.params),
                    points,
                )
            if not (token := page.token):
                return

    def log_params(self, params: Mapping[str, str]) -> None:
        """Parameters are immutable in MLflow: those it has are left alone."""
        from mlflow.entities import Param

        lacking = [Param(key, value) for key, value in params.items() if key not in self.params]
        for start in range(0, len(lacking), 100):
            self.client.log_batch(self.id, params=lacking[start : start + 100])
        self.params |= set(params)

    def log_points(self, points: Sequence[Point]) -> None:
        """A step that a resumed trial reported again, with the same value, is there already."""
        from mlflow.entities import Metric

        have = self._history({key for key, *_ in points})
        lacking = [point for point in points if _identity(point) not in have]
        for start in range(0, len(lacking), 1000):
            self.client.log_batch(
                self.id, metrics=[Metric(*point) for point in lacking[start : start + 1000]]
            )
        have.update(_identity(point) for point in lacking)

    def log_tags(self, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        changed = {name: value for name, value in tags.items() if self.tags.get(name) != value}
        if changed:
            self.client.log_batch(
                self.id, tags=[RunTag(name, value) for name, value in changed.items()]
            )
            self.tags |= changed

    def drop_tag(self, name: str) -> None:
        if name in self.tags:
            self.client.delete_tag(self.id, name)
            del self.tags[name]

    def set_status(self, status: str, ended: int | None) -> None:
        if (self.status, self.ended) == (status, ended):
            return
        if ended is None:
            self.client.update_run(self.id, status=status)
        else:
            self.client.set_terminated(self.id, status=status, end_time=ended)
        self.status, self.ended = status, ended

    def log_file(self, path: Path) -> None:
        self.client.log_artifact(self.id, str(path))

    def log_model(
        self, folder: Path, *, experiment: str, name: str, kind: str | None, key: str, step: int
    ) -> str:
        """The files of `folder` as the run's one logged model; its id. An earlier one (`key`) is
        dropped.
        """
        from mlflow.entities import LoggedModelOutput

        for stale in self.client.search_logged_models(
            [experiment], f"tags.`raylab.trial_key` = '{key}'"
        ):
            self.client.delete_logged_model(stale.model_id)
        model = self.client.create_logged_model(
            experiment,
            name=name,
            source_run_id=self.id,
            tags={"raylab.trial_key": key},
            model_type=kind,
        )
        self.client.log_model_artifacts(model.model_id, str(folder))
        self.client.finalize_logged_model(model.model_id, "READY")
        self.client.log_outputs(self.id, [LoggedModelOutput(model.model_id, step)])
        return str(model.model_id)

    def _history(self, keys: set[str]) -> set[tuple[str, int, str]]:
        if self.points is None:
            self.points = {
                (key, metric.step, repr(float(metric.value)))
                for key in keys
                for metric in self.client.get_metric_history(self.id, key)
            }
        return self.points


def _identity(point: Point) -> tuple[str, int, str]:
    key, value, _, step = point
    return key, step, repr(value)
