"""The prepared dataset: a folder with a manifest and one memory-mappable file per session."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.data.datasets.recording import Recording
from raylab.data.datasets.session_arrays import SessionArrays
from raylab.data.datasets.specs import LabelSpec, SessionSpec, session_spec
from raylab.data.manifest import MANIFEST, SCHEMA, Manifest, SessionEntry
from raylab.data.manifests.checks import check_manifest, check_split
from raylab.data.manifests.fingerprint import fingerprint_of, stated_version
from raylab.data.manifests.notes import Note, notes_of
from raylab.data.session import NeuralKind, Session
from raylab.data.stored import below, stored_arrays, stored_labels, stored_session
from raylab.errors import DataError
from raylab.files import file_digest, map_tensors, read_json
from raylab.paths import AnyPath, local_path
from raylab.results import rows_html, values_html


class Dataset:
    """A prepared dataset, opened for reading.

    Args:
        path: The folder that `raylab prepare` wrote.

    Attributes:
        path: That folder.
        manifest: The content of its `manifest.json`.

    Raises:
        DataError: There is no such folder, it is not a prepared dataset, or its schema is of
            another version.

    Example:
        >>> dataset = raylab.Dataset("dataset")
        >>> dataset.sessions["a"].splits
        {'train': 360, 'valid': 120, 'test': 120}
        >>> dataset.labels["position"].unit
        'm'
        >>> dataset.session("a").activity.shape  # (samples, units)
        (600, 6)
    """

    def __init__(self, path: AnyPath) -> None:
        self.path = local_path(path)
        if not (self.path / MANIFEST).is_file():
            raise DataError(
                f"{path}: not a prepared dataset (no {MANIFEST})", "Make one with `raylab prepare`."
            )
        value = read_json(self.path / MANIFEST)
        stated = value if isinstance(value, dict) else {}
        sessions = stated.get("sessions")
        if stated.get("schema") != SCHEMA or not sessions:
            raise DataError(
                f"{self.path / MANIFEST}: schema {stated.get('schema')}, "
                f"{len(sessions) if isinstance(sessions, list) else 0} sessions; "
                f"this raylab reads schema {SCHEMA}",
                "Prepare the dataset again.",
            )
        check_manifest(value, self.path / MANIFEST)
        self.manifest: Manifest = value

    @classmethod
    def from_arrays(
        cls,
        neural: Any,
        *,
        out: str | Path,
        kind: NeuralKind | None = None,
        layout: str | None = None,
        rate_hz: float | None = None,
        time: Any = None,
        labels: Mapping[str, Any] | None = None,
        intervals: Mapping[str, Any] | None = None,
        trials: Any = None,
        units: Mapping[str, Any] | None = None,
        session: str = "session",
        animal: str = "",
        area: str = "",
        bin_s: float | None = None,
        nan: str = "error",
        splits: Mapping[str, Any] | None = None,
    ) -> Dataset:
        """Make a dataset of one session from arrays, DataFrames or objects of pynapple.

        The arrays are checked, binned and split as `raylab.prepare` does with a file. Several such
        datasets become one with `raylab.prepare([first, second], out=...)`.

        Args:
            neural: Activity (samples, units), or (trials, samples, units), or a list of (samples,
                units) of trials. Or a DataFrame with a column per unit, or a pynapple TsdFrame, Tsd
                or TsGroup (spike times, counted into bins of `bin_s` seconds).
            out: The dataset's folder, which must not exist yet.
            kind: `calcium`, `counts` or `rate`; a TsGroup is `counts`.
            layout: The order of the axes of an array: `time_neuron` (default), `neuron_time`, or
                `trial_time_neuron` (default of three axes).
            rate_hz: Sampling rate of `neural` in Hz.
            time: Stamps (samples,) of `neural` in seconds, instead of `rate_hz`. Pauses between
                stamps divide the recording into segments.
            labels: Values by name, one per sample (or per trial): an array, an array with its kind
                (`{"heading": (angles, "circular")}`), a mapping with `values` and any of `kind`,
                `unit`, `period`, `missing`, `time`, `rate_hz` and `start_s`, or a pynapple Tsd or
                TsdFrame, which has a clock of its own. Without a kind, floats are `continuous`, and
                text and truth values `discrete`; whole numbers need a kind.
            intervals: Tables by name: a mapping or DataFrame with `start`, `end` and further
                columns, an array (K, 2), or a pynapple IntervalSet, in seconds. Their columns
                become labels, and the number of the interval a group for splits.
            trials: Such a table of trials; the same as `intervals={"trial": trials}`.
            units: Columns with a value per unit, such as its depth.
            session: The id of the session.
            animal: The name of the animal.
            area: The brain area of all units.
            bin_s: Width of the bins of a TsGroup, in seconds.
            nan: What happens to NaN in `neural`: `error`, `drop_units`, `interpolate` or `zero`.
            splits: Such as `{"kind": "blocked", "blocks": 10}`; default: chronological.

        Returns:
            The dataset, opened.

        Raises:
            ConfigError: An argument is wrong; the message names it.
            DataError: The arrays do not fit together, or `out` exists.

        Example:
            >>> time = np.arange(600) / 30
            >>> activity = np.random.default_rng(0).normal(size=(600, 5))
            >>> labels = {"position": np.sin(time)}
            >>> made = raylab.Dataset.from_arrays(
            ...     activity, out="made", kind="calcium", rate_hz=30, labels=labels
            ... )
            >>> made.sessions["session"].splits
            {'train': 360, 'valid': 120, 'test': 120}
        """
        from raylab.data.array_inputs import ArrayInputs
        from raylab.data.from_arrays import write_arrays

        inputs = ArrayInputs()
        inputs.add_session(session, animal=animal, area=area)
        inputs.add_activity(neural, kind=kind, layout=layout, bin_s=bin_s, nan=nan)
        inputs.add_clock(rate_hz, time)
        inputs.add_units(units)
        for name, label in (labels or {}).items():
            inputs.add_label(name, label)
        tables = {**(intervals or {}), **({} if trials is None else {"trial": trials})}
        for name, table in tables.items():
            inputs.add_intervals(name, table)
        return cls(write_arrays(inputs, out, splits=splits))

    @property
    def fingerprint(self) -> str:
        """Hash of all content: equal fingerprints, equal data and splits."""
        return str(self.manifest["fingerprint"])

    @cached_property
    def sessions(self) -> dict[str, SessionSpec]:
        """What the manifest says about each session, by id; no data is read."""
        return {entry["id"]: session_spec(entry) for entry in self.manifest["sessions"]}

    @cached_property
    def labels(self) -> dict[str, LabelSpec]:
        """The labels that every session has and that mean the same in all (kind, unit and number of
        columns), in the first session's order.
        """
        specs = list(self.sessions.values())
        return {
            name: spec
            for name, spec in specs[0].labels.items()
            if all(name in s.labels and s.labels[name].meaning == spec.meaning for s in specs)
        }

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was changed, left out or looks wrong, each sentence once."""
        return notes_of(self.manifest["sessions"], self.manifest.get("notes", ()))

    def open(self, session: str) -> Recording:
        """Map one session into memory; nothing is read until it is used.

        Raises:
            DataError: There is no such session, or its files do not hold what the manifest says.
        """
        entry = self._entry(session)
        arrays, split = (
            stored_arrays(self.path, entry),
            map_tensors(self.path / entry["split_file"]),
        )
        check_split(entry, split, self.path / entry["split_file"])
        return Recording(
            id=session,
            rate_hz=entry["rate_hz"],
            neural=arrays["neural"],
            time=arrays["time"],
            parts=split["parts"],
            labels=stored_labels(entry, arrays),
            kept=None if split["kept"].all() else split["kept"],
            groups=below("group.", arrays),
            units=below("unit.", arrays),
        )

    def session(self, session: str) -> SessionArrays:
        """One session as arrays: activity, times, labels and splits. The activity is mapped into
        memory, not copied.

        Args:
            session: The id of the session; `sessions` lists them.

        Returns:
            The arrays, which `to_pynapple()` and `to_xarray()` give to these libraries.

        Raises:
            DataError: There is no such session, or its files do not hold what the manifest says.

        Example:
            >>> session = raylab.Dataset("dataset").session("a")
            >>> session.activity.shape, session.labels["position"].shape
            ((600, 6), (600,))
            >>> session.activity[session.splits == "test"].shape
            (120, 6)
        """
        labels = self.sessions[session].labels if session in self.sessions else {}
        return SessionArrays(self.recorded(session), self.open(session), labels)

    def recorded(self, session: str) -> Session:
        """One session as it was read, without its splits; mapped into memory, not copied.

        Raises:
            DataError: There is no such session, or its file does not hold what the manifest says.
        """
        return stored_session(self.path, self._entry(session))

    def kept_units(self, session: str) -> np.ndarray:
        """(recorded units,) bool: which of the recording's units the dataset uses."""
        entry = self._entry(session)
        kept = np.ones(entry["recorded_units"], bool)
        kept[entry["dropped_units"]] = False
        return kept

    def verify(self) -> None:
        """Raise DataError if a file is missing, or differs from what was prepared."""
        entries, version = self.manifest["sessions"], stated_version(self.manifest)
        if fingerprint_of(entries, version) != self.fingerprint:
            raise DataError(
                f"{self.path / MANIFEST}: was changed: its sessions do not have its fingerprint",
                "Prepare the dataset again.",
            )
        for entry in self.manifest["sessions"]:
            for name, digest in (
                (entry["file"], entry["sha256"]),
                (entry["split_file"], entry["split_sha256"]),
            ):
                file = self.path / name
                if not file.is_file():
                    raise DataError(
                        f"{file}: no such file, but the manifest names it",
                        "Prepare the dataset again.",
                    )
                if file_digest(file) != digest:
                    raise DataError(
                        f"{file}: content differs from the manifest", "Prepare the dataset again."
                    )

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        specs = self.sessions.values()
        samples = sum(sum(spec.splits.values()) for spec in specs)
        labels = f", labels {', '.join(self.labels)}" if self.labels else ""
        return (
            f"Dataset('{self.path}': {len(specs)} session{'s' * (len(specs) > 1)}, "
            f"{sum(spec.units for spec in specs)} units, {samples} samples{labels})"
        )

    def _repr_html_(self) -> str:
        rows = [
            {
                "session": spec.id,
                "units": spec.units,
                "Hz": spec.rate_hz,
                **spec.splits,
                "labels": "; ".join(f"{name} ({label})" for name, label in spec.labels.items()),
            }
            for spec in self.sessions.values()
        ]
        about = {"path": str(self.path), "fingerprint": self.fingerprint[:12]}
        notes = [{"note": note.line} for note in self.notes]
        return values_html(about, title="Dataset") + rows_html(rows) + rows_html(notes)

    def _entry(self, session: str) -> SessionEntry:
        for entry in self.manifest["sessions"]:
            if entry["id"] == session:
                return entry
        raise DataError(
            f"{self.path}: has no session '{session}'", did_you_mean(session, self.sessions)
        )
