"""Run by the Python that has allensdk: `PYTHON -I reader_process.py ophys|ecephys IN.nwb OUT.h5
BYTES`.

Writes arrays to OUT.h5 and one JSON value to standard output, and takes no more than BYTES of
memory. It may import the standard library, numpy, h5py, pynwb and allensdk only: raylab is not in
that environment. What a session lacks or allensdk cannot compute is left out and named under
`skipped`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import h5py
import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from allensdk.brain_observatory.ecephys.ecephys_session import EcephysSession
    from pynwb.core import DynamicTable

T = TypeVar("T")
Answer = dict[str, dict[str, str]]

RAGGED = {
    "spike_times",
    "spike_amplitudes",
    "waveform_mean",
}  # of the units table: one array a unit, gigabytes in all


def read_ophys(path: str, out: h5py.File) -> Answer:
    """dF/F (N, T), its timestamps in s, behaviour, and the stimulus tables in frames of the
    two-photon recording.
    """
    from allensdk.core.brain_observatory_nwb_data_set import BrainObservatoryNwbDataSet

    data = BrainObservatoryNwbDataSet(path)
    timestamps, traces = data.get_dff_traces()
    out["timestamps"], out["dff"] = timestamps, traces
    out["units/cell_specimen_id"], out["units/roi_id"] = (
        data.get_cell_specimen_ids(),
        data.get_roi_ids(),
    )
    skipped: dict[str, str] = {}
    stimuli = attempt("stimuli", skipped, data.list_stimuli) or []
    for name in stimuli:
        table = attempt(name, skipped, lambda name=name: data.get_stimulus_table(name))  # type: ignore[misc]
        if table is not None:
            write_table(out.create_group(f"stimulus/{name}"), table)
    running = attempt("running_speed", skipped, data.get_running_speed)
    location = attempt("pupil_location", skipped, data.get_pupil_location)
    size = attempt("pupil_size", skipped, data.get_pupil_size)
    series = {
        "running_speed": running and running[::-1],
        "pupil_location": location,
        "pupil_size": size,
    }
    for name, pair in series.items():
        if pair is not None:
            out[f"behaviour/{name}/timestamps"], out[f"behaviour/{name}/values"] = pair
    return {"metadata": plain(data.get_metadata()), "skipped": skipped}


def read_ecephys(path: str, out: h5py.File) -> Answer:
    """Every unit unfiltered with its spike times in s, the presentations, invalid times and running
    speed.
    """
    import pynwb
    from allensdk.brain_observatory.ecephys.ecephys_session import EcephysSession
    from allensdk.brain_observatory.ecephys.ecephys_session_api import EcephysNwbSessionApi

    class Session(EcephysSession):
        def _mask_invalid_stimulus_presentations(
            self, stimulus_presentations: pd.DataFrame
        ) -> pd.DataFrame:
            """allensdk overwrites invalid rows, name and all; raylab counts what it removes of
            which stimulus.
            """
            return stimulus_presentations

    with pynwb.NWBHDF5IO(path, "r", load_namespaces=True) as file:
        nwb = file.read()
        # One open file: `from_nwb_path` reads it again for every property.
        session = Session(api=EcephysNwbSessionApi.from_nwbfile(nwb, filter_by_validity=False))
        skipped: dict[str, str] = {}
        write_units(out, nwb.units, session)
        presentations = session.stimulus_presentations
        out["presentations/id"] = presentations.index.to_numpy()
        write_table(out["presentations"], presentations)
        write_invalid(out.create_group("invalid_times"), session.invalid_times)
        running = attempt("running_speed", skipped, lambda: session.running_speed)
        if running is not None:
            out["behaviour/running_speed/timestamps"] = (
                running["start_time"] + running["end_time"]
            ).to_numpy() / 2
            out["behaviour/running_speed/values"] = running["velocity"].to_numpy()
        metadata = {"ecephys_session_id": session.ecephys_session_id, **session.api.get_metadata()}
        return {"metadata": plain(metadata), "skipped": skipped}


def write_units(out: h5py.File, units: DynamicTable, session: EcephysSession) -> None:
    """The columns of the units and of their peak channels, and the spike times of one unit at a
    time.

    Not through `session.units`, which leaves out every unit with a metric that is NaN, whatever the
    filters.
    """
    group = out.create_group("units")
    group["unit_id"] = np.asarray(units.id[:])
    for name in units.colnames:
        if name not in RAGGED:
            group[name] = storable(np.asarray(units[name].data[:]))
    channels = session.channels.merge(
        session.probes[["description"]], left_on="probe_id", right_index=True, how="left"
    )
    write_table(out.create_group("channels"), channels.rename(columns={"description": "probe"}))
    out["channels/id"] = channels.index.to_numpy()
    ends = np.asarray(units["spike_times"].data[:], np.int64)
    times = units["spike_times"].target.data
    stored = out.create_dataset("spike_times", (int(ends[-1]) if len(ends) else 0,), np.float64)
    out["spike_times_ends"] = ends
    for start, stop in zip(np.concatenate([[0], ends[:-1]]), ends):
        stored[start:stop] = times[start:stop]


def write_invalid(group: h5py.Group, table: pd.DataFrame) -> None:
    """Times, and the tags [scope, id, label] as one text each."""
    rows = len(table)
    group["start_time"] = table["start_time"].to_numpy(np.float64) if rows else np.zeros(0)
    group["stop_time"] = table["stop_time"].to_numpy(np.float64) if rows else np.zeros(0)
    tags = [json.dumps([str(tag) for tag in row]) for row in table["tags"]] if rows else []
    group.create_dataset("tags", data=tags, dtype=h5py.string_dtype())


def write_table(group: h5py.Group, table: pd.DataFrame) -> None:
    for name in table.columns:
        group[str(name)] = storable(table[name].to_numpy())


def storable(values: np.ndarray) -> np.ndarray:
    """Numbers as they are, everything else as text; `null`, None and NaN are empty."""
    if values.dtype.kind in "biuf":
        return values
    return np.array(
        [as_text(value).encode() for value in values.tolist()], dtype=h5py.string_dtype()
    )


def as_text(value: object) -> str:
    if value is None or value != value or value == "null":
        return ""
    # allensdk turns a column that holds only 0 and 1 into truth values.
    return str(float(value)) if isinstance(value, bool) else str(value)


def attempt(name: str, skipped: dict[str, str], call: Callable[[], T]) -> T | None:
    """What allensdk gives, or None with the reason in `skipped`."""
    try:
        return call()
    except Exception as error:
        skipped[name] = f"{type(error).__name__}: {error}"[:200]
        return None


def plain(metadata: dict[str, object]) -> dict[str, str]:
    return {key: "" if value is None else str(value) for key, value in metadata.items()}


def refuse_foreign(path: str) -> None:
    """Refuse a file that has its values read from another one: that may be any file of this
    machine.
    """

    def foreign(name: str, item: object) -> str | None:
        """The first name returned ends the visit; an exception would not pass through h5py."""
        stored = isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)
        return name if stored or isinstance(item, h5py.ExternalLink) else None

    with h5py.File(path, "r") as file:
        name = file.visititems_links(foreign) or file.visititems(foreign)
    if name:
        raise ValueError(f"'{name}' is stored in another file, which is not read")


def main(kind: str, source: str, target: str, memory: str) -> Answer:
    with contextlib.suppress(
        ValueError, OSError
    ):  # a lower limit is set already, or the system has none
        resource.setrlimit(
            resource.RLIMIT_AS, (int(memory), int(memory))
        )  # a small file can state terabytes
    refuse_foreign(source)
    temporary = f"{target}.{os.getpid()}"
    with h5py.File(temporary, "w") as out:
        answer = {"ophys": read_ophys, "ecephys": read_ecephys}[kind](source, out)
    os.replace(temporary, target)
    return answer


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # allensdk prints: what it prints goes to standard error, so that the answer stands alone.
    answer_to = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        answer = main(*sys.argv[1:])
    except Exception as error:
        failure = {"error": type(error).__name__, "message": " ".join(str(error).split())[:500]}
        answer_to.write(json.dumps(failure))
        answer_to.close()
        sys.exit(3)
    answer_to.write(json.dumps(answer))
    answer_to.close()
