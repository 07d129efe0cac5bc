"""Which two-photon sessions the warehouse has (Visual Coding).

Queries mirror `allensdk.api.queries.brain_observatory_api`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from raylab.data.allen.listing import Listing
from raylab.data.allen.rma import Query, Row, Warehouse, batches, table

# allensdk.brain_observatory.stimulus_info.SESSION_STIMULUS_MAP
_EVERY = ("natural_movie_one", "spontaneous")
STIMULI = {
    "three_session_A": ("drifting_gratings", "natural_movie_three", *_EVERY),
    "three_session_B": ("natural_scenes", "static_gratings", *_EVERY),
    "three_session_C": ("locally_sparse_noise", "natural_movie_two", *_EVERY),
    "three_session_C2": (
        "locally_sparse_noise_4deg",
        "locally_sparse_noise_8deg",
        "natural_movie_two",
        *_EVERY,
    ),
}
# The column of a cell with the reliability of its response to the movie that all sessions show. It
# has a value for each session that the cell was matched in.
_RELIABILITY = {
    "three_session_A": "reliability_nm1_a",
    "three_session_B": "reliability_nm1_b",
    "three_session_C": "reliability_nm1_c",
    "three_session_C2": "reliability_nm1_c",
}
# Template `ophys_experiment_by_ids`, less the files, which one query of their own lists.
EXPERIMENTS = Query(
    model="OphysExperiment",
    include="experiment_container,targeted_structure,specimen(donor(age,transgenic_lines))",
)
# Template `ophys_experiment_data`, for all experiments at once, as `all_eye_mapping_files` asks.
FILES = Query(model="WellKnownFile", criteria="well_known_file_type[name$eqNWBOphys]")


def sessions(warehouse: Warehouse) -> list[Listing]:
    """Every experiment that has a file, by id.

    As in allensdk's list, experiments of containers that failed are left out.
    """
    links = dict(
        table(
            FILES,
            warehouse.rows(FILES),
            lambda row: (int(row["attachable_id"]), row["download_link"]),
        )
    )
    listings = table(EXPERIMENTS, warehouse.rows(EXPERIMENTS), lambda row: _listing(row, links))
    return sorted(listings, key=lambda listing: listing.id)


def _listing(row: Row, links: dict[int, str]) -> Listing | None:
    number, donor = int(row["id"]), row["specimen"]["donor"]
    if number not in links or (row.get("experiment_container") or {}).get("failed"):
        return None
    return Listing(
        id=number,
        file=f"ophys_experiment_{number}.nwb",
        link=links[number],
        animal=donor.get("external_donor_name"),
        session_type=row["stimulus_name"],
        cre=_cre(donor.get("transgenic_lines", ())),
        stimuli=STIMULI.get(row["stimulus_name"], ()),
        date=row.get("date_of_acquisition"),
        areas=(row["targeted_structure"]["acronym"],),
        depth_um=row["imaging_depth"],
        container=row["experiment_container_id"],
    )


def _cre(lines: Sequence[Row]) -> str | None:
    """As `find_specimen_cre_line` of allensdk."""
    drivers = (line["name"] for line in lines if line["transgenic_line_type_name"] == "driver")
    return next((name for name in drivers if "Cre" in name), None)


def with_neurons(warehouse: Warehouse, listings: Sequence[Listing]) -> list[Listing]:
    """Sessions with the number of their cells.

    The warehouse lists the cells of a container, which were matched over its three sessions, with a
    response reliability for each session. Cells without one for this session were not found in it.
    Where a warehouse gives no such column, all cells of the container are counted: an upper bound.
    """
    cells: dict[int, dict[int, Row]] = defaultdict(dict)
    for ids in batches(
        sorted({listing.container for listing in listings if listing.container is not None})
    ):
        query = _cells(ids)
        for container, cell, row in table(query, warehouse.rows(query), _cell):
            cells[container][cell] = row
    return [
        replace(
            listing,
            neurons=_count(cells[listing.container or 0].values(), listing.session_type),
        )
        for listing in listings
    ]


def _cells(containers: str) -> Query:
    """`get_cell_metrics`, with the few columns that are needed of about sixty."""
    columns = ",".join(
        ["cell_specimen_id", "experiment_container_id", *sorted(set(_RELIABILITY.values()))]
    )
    return Query(
        model="ApiCamCellMetric",
        criteria=f"[experiment_container_id$in{containers}]",
        options=f"[only$eq'{columns}']",
        order="cell_specimen_id",
    )


def _cell(row: Row) -> tuple[int, int, Row]:
    return int(row["experiment_container_id"]), int(row["cell_specimen_id"]), row


def _count(cells: Iterable[Row], session_type: str) -> int:
    column = _RELIABILITY.get(session_type, "")
    return sum(row.get(column, True) is not None for row in cells)
