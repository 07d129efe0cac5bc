"""Which Neuropixels sessions the warehouse has (Visual Coding).

Queries mirror allensdk's `EcephysProjectWarehouseApi`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from raylab.data.allen.listing import Listing
from raylab.data.allen.rma import Query, Row, Warehouse, batches, table

# `EcephysSession.stimulus_names` of the published sessions of either type.
_EVERY = ("flashes", "gabors", "spontaneous")
STIMULI = {
    "brain_observatory_1.1": (
        *(
            "drifting_gratings",
            "natural_movie_one",
            "natural_movie_three",
            "natural_scenes",
            "static_gratings",
        ),
        *_EVERY,
    ),
    "functional_connectivity": (
        *("dot_motion", "drifting_gratings_75_repeats", "drifting_gratings_contrast"),
        *("natural_movie_one_more_repeats", "natural_movie_one_shuffled"),
        *_EVERY,
    ),
}
# `get_sessions`, less the files; `get_session_data`, for all sessions at once.
SESSIONS = Query(model="EcephysSession", include="specimen(donor(age))")
FILES = Query(
    model="WellKnownFile",
    criteria="well_known_file_type[name$eq'EcephysNwb'][attachable_type$eq'EcephysSession']",
)

_UNIT_COLUMNS = (
    "id",
    "ecephys_channel_id",
    "quality",
    "amplitude_cutoff",
    "presence_ratio",
    "isi_violations",
)
_CHANNEL_COLUMNS = (
    "ecephys_channels.id",
    "ecephys_probe_id",
    "structures.acronym as ecephys_structure_acronym",
)


def sessions(warehouse: Warehouse) -> list[Listing]:
    """Every session that has a file, by id; areas and neurons are not known yet."""
    links = dict(
        table(
            FILES,
            warehouse.rows(FILES),
            lambda row: (int(row["attachable_id"]), row["download_link"]),
        )
    )
    listings = table(SESSIONS, warehouse.rows(SESSIONS), lambda row: _listing(row, links))
    return sorted(listings, key=lambda listing: listing.id)


def _listing(row: Row, links: dict[int, str]) -> Listing | None:
    number, donor = int(row["id"]), row["specimen"]["donor"]
    if number not in links:
        return None
    animal = donor.get("external_donor_name") or row.get("specimen_id")
    return Listing(
        id=number,
        file=f"ecephys_session_{number}.nwb",
        link=links[number],
        animal=str(animal) if animal is not None else None,
        session_type=row["stimulus_name"],
        cre=_cre(donor.get("full_genotype")),
        stimuli=STIMULI.get(row["stimulus_name"], ()),
        date=row.get("date_of_acquisition"),
    )


def _cre(genotype: str | None) -> str:
    """The driver line, such as `Sst-IRES-Cre` of `Sst-IRES-Cre/wt;Ai32(...)/wt`.

    Wild type where there is none, as in allensdk.
    """
    alleles = (genotype or "").replace(";", "/").split("/")
    return next((allele for allele in alleles if "Cre" in allele), "wt")


def with_neurons(warehouse: Warehouse, listings: Sequence[Listing]) -> list[Listing]:
    """Sessions with the areas of their channels and the number of their units.

    Units are counted as `EcephysProjectCache.get_session_table` of allensdk counts them: of good
    quality, amplitude_cutoff <= 0.1, presence_ratio >= 0.95, isi_violations <= 0.5. Reading a file
    leaves out units outside the brain too, so a session may have a few less.
    """
    probes = _probes(warehouse, listings)
    channels = _channels(warehouse, probes)
    areas: dict[int, set[str]] = defaultdict(set)
    for session, area in channels.values():
        areas[session] |= {area} if area else set()
    counts: dict[int, int] = defaultdict(int)
    for channel in _units(warehouse, listings).values():
        if channel in channels:
            counts[channels[channel][0]] += 1
    return [
        replace(
            listing,
            areas=tuple(sorted(areas[listing.id])),
            neurons=counts[listing.id],
        )
        for listing in listings
    ]


def _probes(warehouse: Warehouse, listings: Sequence[Listing]) -> dict[int, int]:
    """`get_probes`: probe -> session."""
    wanted = {listing.id for listing in listings}
    sessions_by_probe: dict[int, int] = {}
    for ids in batches(sorted(wanted)):
        query = Query(
            model="EcephysProbe",
            criteria=f"[ecephys_session_id$in{ids}]",
            options="[only$eq'id,ecephys_session_id']",
        )
        sessions_by_probe.update(
            table(
                query,
                warehouse.rows(query),
                lambda row: (int(row["id"]), int(row["ecephys_session_id"])),
            )
        )
    return {probe: session for probe, session in sessions_by_probe.items() if session in wanted}


def _channels(warehouse: Warehouse, probes: dict[int, int]) -> dict[int, tuple[int, str | None]]:
    """`get_channels`: channel -> session, acronym of its structure (None outside the brain)."""
    channels: dict[int, tuple[int, str | None]] = {}
    for ids in batches(sorted(probes)):
        query = Query(
            model="EcephysChannel",
            criteria=f"[ecephys_probe_id$in{ids}]",
            include="structure",
            options=f"[tabular$eq'{','.join(_CHANNEL_COLUMNS)}']",
        )
        channels.update(table(query, warehouse.rows(query), lambda row: _channel(row, probes)))
    return channels


def _channel(row: Row, probes: dict[int, int]) -> tuple[int, tuple[int, str | None]] | None:
    probe = int(row["ecephys_probe_id"])  # tabular answers give numbers as text
    return (
        (int(row["id"]), (probes[probe], row["ecephys_structure_acronym"]))
        if probe in probes
        else None
    )


def _units(warehouse: Warehouse, listings: Sequence[Listing]) -> dict[int, int]:
    """`get_units`: unit that passes the usual limits -> channel."""
    channels: dict[int, int] = {}
    for ids in batches([listing.id for listing in listings]):
        query = Query(
            model="EcephysUnit",
            criteria=f"ecephys_channel(ecephys_probe(ecephys_session[id$in{ids}]))",
            options=f"[only$eq'{','.join(_UNIT_COLUMNS)}']",
        )
        channels.update(table(query, warehouse.rows(query), _unit))
    return channels


def _unit(row: Row) -> tuple[int, int] | None:
    limits = row["amplitude_cutoff"], row["presence_ratio"], row["isi_violations"]
    if row.get("quality", "good") != "good" or None in limits:
        return None
    cutoff, presence, violations = (float(value) for value in limits)
    passes = cutoff <= 0.1 and presence >= 0.95 and violations <= 0.5
    return (int(row["id"]), int(row["ecephys_channel_id"])) if passes else None
