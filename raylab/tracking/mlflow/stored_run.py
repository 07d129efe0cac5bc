"""A run as MLflow has it; each method adds only what the run lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.tracking.runs import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric, Param, RunTag


@dataclass
class StoredRun:
    """A run as MLflow has it; each method adds only what it lacks.

    Attributes:
        points: (key, step, value) of its metrics; None until they are needed.
        is_new: Whether this object made the run, and has logged no model for it.
        ended: Milliseconds since 1970.
        datasets: (name, digest) of the datasets that are its inputs.
    """

    client: MlflowClient
    id: str
    status: str
    ended: int | None
    tags: dict[str, str]
    params: set[str]
    points: set[tuple[str, int, str]] | None
    is_new: bool = False
    datasets: set[tuple[str, str]] = field(default_factory=set)

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
        info = run.info
        return cls(client, info.run_id, info.status, None, dict(tags), set(), set(), is_new=True)

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
                inputs = run.inputs.dataset_inputs if run.inputs else ()
                yield cls(
                    client,
                    info.run_id,
                    info.status,
                    info.end_time,
                    dict(data.tags),
                    set(data.params),
                    points,
                    datasets={(each.dataset.name, each.dataset.digest) for each in inputs},
                )
            if not (token := page.token):
                return

    def log(
        self,
        *,
        params: Mapping[str, str] | None = None,
        points: Sequence[Point] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add parameters, points and tags, as few calls as MLflow's limits allow: with its own
        SQLite, each call costs several transactions.

        Parameters are immutable in MLflow: those it has are left alone. A step that a resumed trial
        reported again, with the same value, is there already.
        """
        from mlflow.entities import Metric, Param, RunTag

        have = self._history({key for key, *_ in points}) if points else set()
        new_params = [Param(*pair) for pair in (params or {}).items() if pair[0] not in self.params]
        new_points = [Metric(*point) for point in points if _identity(point) not in have]
        changed = {name: text for name, text in (tags or {}).items() if self.tags.get(name) != text}
        new_tags = [RunTag(*pair) for pair in changed.items()]
        for batch in _batches(new_params, new_points, new_tags):
            self.client.log_batch(self.id, **batch)
        self.params |= {param.key for param in new_params}
        have.update(_identity(point) for point in points)
        self.tags |= changed

    def log_dataset(self, given: DatasetInput | None) -> None:
        """Make a dataset an input of the run."""
        if given is None or (key := (given.dataset.name, given.dataset.digest)) in self.datasets:
            return
        self.client.log_inputs(self.id, [given])
        self.datasets.add(key)

    def log_tags(self, tags: Mapping[str, str]) -> None:
        self.log(tags=tags)

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

        if not self.is_new:
            for stale in self.client.search_logged_models(
                [experiment], f"tags.`raylab.trial_key` = '{key}'"
            ):
                self.client.delete_logged_model(stale.model_id)
        self.is_new = False
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


def _batches(
    params: Sequence[Param], metrics: Sequence[Metric], tags: Sequence[RunTag]
) -> Iterator[dict[str, Any]]:
    """What one call of `log_batch` takes: at most 1,000 entries, 100 parameters, 100 tags, and
    room for both beside the metrics.
    """
    most = {"params": 100, "metrics": 800, "tags": 100}
    lists = {"params": params, "metrics": metrics, "tags": tags}
    rounds = max(-(-len(entries) // most[name]) for name, entries in lists.items())
    for at in range(rounds):
        yield {
            name: entries[at * most[name] : (at + 1) * most[name]]
            for name, entries in lists.items()
        }
