"""A small warehouse: five two-photon and three Neuropixels sessions, each with a file."""

from __future__ import annotations

from typing import Any

from warehouse_server import Warehouse, hdf5

OPHYS = {  # id: container, area, depth, driver, session type, animal
    501: (51, "VISp", 175, "Cux2-CreERT2", "three_session_A", "222"),
    502: (51, "VISp", 175, "Cux2-CreERT2", "three_session_B", "222"),
    503: (52, "VISl", 275, "Rbp4-Cre_KL100", "three_session_C2", "333"),
    504: (53, "VISp", 375, "Rbp4-Cre_KL100", "three_session_A", "444"),
    505: (54, "VISp", 275, "Cux2-CreERT2", "three_session_A", "555"),  # its container failed
}
# container: cells with a response in (A, B, C)
CELLS = {
    51: [(1, 1, 1), (1, None, None), (1, None, 1)],
    52: [(None, None, 1)],
    53: [(1, 1, 1)] * 5,
    54: [(1, 1, 1)],
}
# id: session type, genotype, areas of the probes' channels, units that pass in the first
ECEPHYS = {
    715: (
        "brain_observatory_1.1",
        "Sst-IRES-Cre/wt;Ai32(RCL-ChR2(H134R)_EYFP)/wt",
        ("VISp", "LGd"),
        3,
    ),
    719: ("brain_observatory_1.1", "wt/wt", ("VISl",), 2),
    766: ("functional_connectivity", None, ("VISp", "CA1"), 1),
}
# What allensdk wants besides.
PROBE = {
    "phase": "3a",
    "sampling_rate": 29999.95,
    "lfp_sampling_rate": 2499.99,
    "use_lfp_data": True,
    "lfp_temporal_subsampling_factor": 2.0,
    "air_channel_index": 370,
    "surface_channel_index": 360,
}
CHANNEL = dict.fromkeys(
    (
        "local_index",
        "probe_horizontal_position",
        "probe_vertical_position",
        "anterior_posterior_ccf_coordinate",
        "dorsal_ventral_ccf_coordinate",
        "left_right_ccf_coordinate",
    ),
    "1",
)


def link(session: int) -> str:
    return f"/api/v2/well_known_file_download/{session}"


def warehouse() -> Warehouse:
    return Warehouse(
        tables={
            "OphysExperiment": [_experiment(*item) for item in OPHYS.items()],
            "ApiCamCellMetric": _cells(),
            "WellKnownFile": [_file(one, "NWBOphys", "OphysExperiment") for one in OPHYS]
            + [_file(one, "EcephysNwb", "EcephysSession") for one in ECEPHYS],
            **_ecephys(),
        },
        files={link(one): hdf5(one) for one in (*OPHYS, *ECEPHYS)},
    )


def _file(session: int, kind: str, attached: str) -> dict[str, Any]:
    # With and without the leading slash, as the real one gives them.
    shown = link(session) if attached == "OphysExperiment" else link(session)[1:]
    return {
        "id": session + 10_000,
        "attachable_id": session,
        "attachable_type": attached,
        "download_link": shown,
        "_well_known_file_type.name": kind,
    }


def _experiment(session: int, row: tuple[Any, ...]) -> dict[str, Any]:
    container, area, depth, driver, kind, animal = row
    lines = [
        {"name": "Ai93(TITL-GCaMP6f)", "transgenic_line_type_name": "reporter"},
        {"name": "Camk2a-tTA", "transgenic_line_type_name": "driver"},
        {"name": driver, "transgenic_line_type_name": "driver"},
    ]
    return {
        "id": session,
        "experiment_container_id": container,
        "experiment_container": {"failed": container == 54},
        "targeted_structure": {"acronym": area},
        "imaging_depth": depth,
        "stimulus_name": kind,
        "date_of_acquisition": "2016-02-12T00:00:00Z",
        "specimen": {
            "name": f"mouse-{animal}",
            "donor": {"external_donor_name": animal, "transgenic_lines": lines},
        },
    }


def _cells() -> list[dict[str, Any]]:
    names = ("reliability_nm1_a", "reliability_nm1_b", "reliability_nm1_c")
    return [
        {
            "cell_specimen_id": container * 100 + number,
            "experiment_container_id": container,
            **dict(zip(names, found)),
        }
        for container, cells in CELLS.items()
        for number, found in enumerate(cells)
    ]


def _ecephys() -> dict[str, list[dict[str, Any]]]:
    sessions, probes, channels, units = [], [], [], []
    for session, (kind, genotype, areas, good) in ECEPHYS.items():
        sessions.append(_session(session, kind, genotype))
        for place, area in enumerate((*areas, None)):  # None: outside the brain
            probe = session * 10 + place
            probes.append(
                {"id": probe, "ecephys_session_id": session, "name": f"probe{place}", **PROBE}
            )
            # Tabular answers give text.
            found = {
                "ecephys_structure_acronym": area,
                "ecephys_structure_id": None if area is None else "385",
            }
            channels.append(
                {"id": str(probe * 10), "ecephys_probe_id": str(probe), **found, **CHANNEL}
            )
        passing = [
            *(_unit(session, number, 0) for number in range(good)),
            _unit(session, 9, len(areas)),
        ]
        failing = [
            _unit(session, 10, 0, amplitude_cutoff=0.2),
            _unit(session, 11, 0, presence_ratio=0.9),
            _unit(session, 12, 0, isi_violations=0.6),
            _unit(session, 13, 0, quality="noise"),
            _unit(session, 14, 0, amplitude_cutoff=None),
        ]
        units += passing + failing
    return {
        "EcephysSession": sessions,
        "EcephysProbe": probes,
        "EcephysChannel": channels,
        "EcephysUnit": units,
    }


def _session(session: int, kind: str, genotype: str | None) -> dict[str, Any]:
    donor = {
        "full_genotype": genotype,
        "external_donor_name": None,
        "sex": "M",
        "age": {"days": 118},
    }
    return {
        "id": session,
        "stimulus_name": kind,
        "specimen_id": session * 7,
        "specimen": {"donor": donor},
        "date_of_acquisition": "2019-01-19T08:00:00Z",
        "published_at": "2019-10-03T00:00:00Z",
        "isi_experiment_id": 2,
        "fail_eye_tracking": False,
        "well_known_files": [{"well_known_file_type": {"name": "EcephysNwb"}}],
    }


def _unit(session: int, number: int, probe: int, **changes: Any) -> dict[str, Any]:
    limits = {
        "amplitude_cutoff": 0.1,
        "presence_ratio": 0.95,
        "isi_violations": 0.5,
        "quality": "good",
    }
    return {
        "id": session * 100 + number,
        "ecephys_channel_id": (session * 10 + probe) * 10,
        "_ecephys_session.id": session,
        **limits,
        **changes,
    }
