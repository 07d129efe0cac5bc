"""`raylab.fetch`: choose sessions of a warehouse and download their files, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from raylab.config.explain import did_you_mean
from raylab.data.allen import ecephys_catalogue as ecephys
from raylab.data.allen import ophys_catalogue as ophys
from raylab.data.allen.listing import Filters, Listing, checked_range, narrow
from raylab.data.allen.match import Match, matches
from raylab.data.allen.rma import BASE_URI, Warehouse
from raylab.data.fetching.hdf5 import fault
from raylab.data.fetching.transfer import transfer
from raylab.errors import ConfigError
from raylab.paths import local_path
from raylab.results import Result

# The catalogue of each source, the filters that its list of sessions answers, and the filters that
# need further queries about the sessions that are left.
SOURCES = {
    "allen-ophys": (
        ophys,
        ("ids", "session_type", "area", "cre", "stimulus", "depth"),
        ("neurons",),
    ),
    "allen-ecephys": (
        ecephys,
        ("ids", "session_type", "cre", "stimulus", "depth"),
        ("area", "neurons"),
    ),
}
Words = str | Sequence[str]


@dataclass(frozen=True)
class FailedDownload(Result):
    """A session that could not be fetched, and why."""

    id: int
    error: str


@dataclass(frozen=True)
class Fetched(Result):
    """What became of the sessions that fit the filters.

    Attributes:
        source: `allen-ophys` or `allen-ecephys`.
        folder: Where the files are.
        dry_run: Whether nothing was to be downloaded.
        matched: The sessions that fit, and what there was of each before.
        fetched: Files that were downloaded.
        skipped: Files that were whole already.
        failed: Sessions that could not be fetched.
    """

    source: str
    folder: Path
    matched: list[Match]
    fetched: list[Path]
    skipped: list[Path]
    failed: list[FailedDownload]
    dry_run: bool = False

    @property
    def bytes(self) -> int | None:
        """The size of all files that fit; None where the size of one is not known."""
        sizes = [match.size for match in self.matched]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "folder": str(self.folder),
            "dry_run": self.dry_run,
            "matched": [
                asdict(match.session) | {"url": match.url, "size": match.size, "whole": match.whole}
                for match in self.matched
            ],
            "bytes": self.bytes,
            "fetched": [str(path) for path in self.fetched],
            "skipped": [str(path) for path in self.skipped],
            "failed": [failure.to_dict() for failure in self.failed],
        }


def fetch(
    source: str,
    *,
    out: Path | str,
    area: Words = (),
    cre: Words = (),
    depth: tuple[float, float] | None = None,
    stimulus: Words = (),
    session_type: Words = (),
    min_neurons: int | None = None,
    max_neurons: int | None = None,
    ids: Sequence[int] = (),
    limit: int | None = None,
    parallel: int = 4,
    base_uri: str = BASE_URI,
    dry_run: bool = False,
    confirm: Callable[[list[Match]], bool] | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Fetched:
    """Download the sessions of the Allen Institute's warehouse that fit every filter.

    Whole files that are there already are kept, and partial downloads are continued. Filters that
    take several words let a session pass that fits one of them.

    Args:
        source: "allen-ophys" or "allen-ecephys".
        out: A folder, which is made if it does not exist. Beside the files it gets `fetched.json`,
            which says where each file comes from.
        area: Acronyms of brain areas, such as VISp.
        cre: Driver lines, such as Cux2-CreERT2; "wt" is wild type.
        depth: Smallest and largest imaging depth in micrometres, both included.
        stimulus: Names of stimuli that the session shows, such as natural_scenes.
        session_type: Such as three_session_A or brain_observatory_1.1.
        min_neurons: The least number of cells or units, as the warehouse's tables count them.
        max_neurons: The largest number of cells or units.
        ids: The ids of experiments (ophys) or sessions (ecephys).
        limit: Take only so many sessions, those with the lowest ids.
        parallel: Number of downloads at a time.
        base_uri: Address of another warehouse that speaks the same protocol.
        dry_run: Only list what fits.
        confirm: Called with what fits before anything is downloaded; False ends it there.
        progress: Called from several threads with a file's name, the bytes that are there, and the
            file's size or None.

    Returns:
        The sessions that fit, and which of their files were fetched, skipped or failed.

    Raises:
        ConfigError: The source is not known, or no session fits the filters.
        DataError: The warehouse cannot be reached or its answers make no sense; or the folder is
            full, not writable or in use. A session that fails alone is in `failed` instead.

    Example:
        >>> result = raylab.fetch("allen-ophys", out="allen", area="VISp", limit=3, dry_run=True)
        >>> [match.session.areas for match in result.matched]
        [('VISp',), ('VISp',), ('VISp',)]
        >>> result.fetched
        []
    """
    filters = Filters(
        ids=tuple(ids),
        area=_words(area),
        cre=_words(cre),
        stimulus=_words(stimulus),
        session_type=_words(session_type),
        depth=checked_range(depth, f"depth {depth}") if depth else None,
        neurons=_neurons(min_neurons, max_neurons),
    )
    for name, number in (("limit", limit), ("parallel", parallel)):
        if number is not None and number < 1:
            raise ConfigError(f"{name} is {number}", "It must be at least 1.")
    folder = local_path(out)
    with Warehouse(base_uri) as warehouse:
        sessions = find(warehouse, source, filters)[:limit]
        matched = matches(warehouse, folder, sessions, parallel)
    todo = [match for match in matched if not match.whole]
    whole = [match.path for match in matched if match.whole]
    done = Fetched(source, folder, matched, [], whole, [], dry_run=dry_run)
    agreed = confirm(matched) if confirm else True
    if dry_run or not agreed or not todo:
        return done
    fetched, failures = transfer(
        folder,
        todo,
        parallel=parallel,
        progress=progress,
        description=lambda match: _description(source, match),
        check=lambda _: lambda path, __: fault(path),
    )
    failed = [FailedDownload(match.session.id, error) for match, error in failures]
    return replace(done, fetched=fetched, failed=sorted(failed, key=lambda failure: failure.id))


def _words(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def _neurons(low: int | None, high: int | None) -> tuple[float, float] | None:
    if low is None and high is None:
        return None
    ends = (low or 0, float("inf") if high is None else high)
    return checked_range(ends, f"neurons {ends[0]}..{ends[1]}")


def find(warehouse: Warehouse, source: str, filters: Filters) -> list[Listing]:
    """The sessions of a source that fit, by id."""
    if source == "dandi":
        raise ConfigError(
            "`raylab.fetch` downloads sessions of the Allen Institute", "Use `raylab.fetch_dandi`."
        )
    if source not in SOURCES:
        raise ConfigError(f"source '{source}' is not known", did_you_mean(source, SOURCES))
    module, early, late = SOURCES[source]
    left = narrow(module.sessions(warehouse), filters, early, source)
    return narrow(module.with_neurons(warehouse, left), filters, late, source)


def _description(source: str, match: Match) -> dict[str, Any]:
    """What the record says of a session."""
    session = asdict(match.session)
    del session["file"], session["link"]
    return {"source": source, "session": session}
