"""What the warehouse says of a session before it is downloaded, and choosing among sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One session of a warehouse.

    Attributes:
        id: Of the session (ecephys) or experiment (ophys).
        file: What its file is called here.
        link: Of its NWB file, below the warehouse's address.
        areas: Acronyms of brain structures: one for two-photon, those of all probes' channels for
            ecephys.
        cre: Driver line; "wt" for wild type; None if not said.
        depth_um: Of imaging, in micrometres.
        stimuli: Shown in sessions of this type.
        neurons: What is counted: `ophys.with_neurons`, `ecephys.with_neurons`.
        date: Of the recording, ISO 8601.
        container: Two-photon sessions of one field of view share it.
    """

    id: int
    file: str
    link: str
    animal: str | None
    session_type: str
    cre: str | None
    stimuli: tuple[str, ...]
    date: str | None
    areas: tuple[str, ...] = ()
    depth_um: int | None = None
    neurons: int | None = None
    container: int | None = None


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which sessions. Of several words one must fit, whatever their case; ranges include both ends;
    empty is any.
    """

    ids: tuple[int, ...] = ()
    session_type: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    cre: tuple[str, ...] = ()
    stimulus: tuple[str, ...] = ()
    depth: tuple[float, float] | None = None
    neurons: tuple[float, float] | None = None


WORDS_SHOWN = 60
_WORDS: dict[str, Callable[[Listing], Iterable[str | int]]] = {
    "ids": lambda listing: (listing.id,),
    "session_type": lambda listing: (listing.session_type,),
    "area": lambda listing: listing.areas,
    "cre": lambda listing: (listing.cre,) if listing.cre else (),
    "stimulus": lambda listing: listing.stimuli,
}
_NUMBERS: dict[str, Callable[[Listing], int | None]] = {
    "depth": lambda listing: listing.depth_um,
    "neurons": lambda listing: listing.neurons,
}


def narrow(
    listings: Sequence[Listing], filters: Filters, names: Iterable[str], source: str
) -> list[Listing]:
    """The sessions that fit the filters of these names, one filter after the other.

    Raises:
        ConfigError: A word that no session has, or nothing left; says what there is to choose from.
    """
    left, used = list(listings), list[str]()
    for name in names:
        wanted = getattr(filters, name)
        if not wanted:
            continue
        if name in _WORDS:
            _check_known(listings, name, wanted, source)
        kept = [listing for listing in left if _fits(listing, name, wanted)]
        if not kept:
            others = f" with {' and '.join(used)}" if used else ""
            what = f"{source}: none of {len(left)} sessions{others} has {_shown(name, wanted)}"
            raise ConfigError(what, _has(left, name))
        left = kept
        used.append(_shown(name, wanted))
    return left


def _fits(listing: Listing, name: str, wanted: Sequence[str | float]) -> bool:
    if name in _WORDS:
        return not {str(word).casefold() for word in wanted}.isdisjoint(_words(listing, name))
    value = _NUMBERS[name](listing)
    low, high = (float(end) for end in wanted)
    return value is not None and low <= value <= high


def _words(listing: Listing, name: str) -> dict[str, str]:
    return {str(value).casefold(): str(value) for value in _WORDS[name](listing)}


def _check_known(
    listings: Sequence[Listing], name: str, wanted: Sequence[str | float], source: str
) -> None:
    known = {key: word for listing in listings for key, word in _words(listing, name).items()}
    for word in wanted:
        if str(word).casefold() not in known:
            guess = did_you_mean(str(word), known.values())
            raise ConfigError(
                f"{source}: none of {len(listings)} sessions has {_shown(name, [word])}",
                f"{guess if guess.startswith('Did') else ''} {_has(listings, name)}".strip(),
            )


def _shown(name: str, wanted: Sequence[str | float]) -> str:
    if name in _NUMBERS:
        return f"{name} {wanted[0]:g}..{wanted[1]:g}"
    label = "id" if name == "ids" else name.replace("_", " ")
    return f"{label} {' or '.join(map(str, wanted))}"


def _has(listings: Sequence[Listing], name: str) -> str:
    """What there is to choose from."""
    if name in _NUMBERS:
        numbers = [value for listing in listings if (value := _NUMBERS[name](listing)) is not None]
        return (
            f"They have {min(numbers)}..{max(numbers)}."
            if numbers
            else f"No session states its {name}: leave it out."
        )
    known = sorted(
        {word for listing in listings for word in _words(listing, name).values()}, key=str.casefold
    )
    more = f" and {len(known) - WORDS_SHOWN} more" if len(known) > WORDS_SHOWN else ""
    return (
        f"There are: {', '.join(known[:WORDS_SHOWN])}{more}."
        if known
        else "No session states one: leave it out."
    )


def parse_range(text: str) -> tuple[float, float]:
    """`175..300` or `175` -> both ends.

    Raises:
        ConfigError: Not numbers, or the wrong way round.
    """
    first, dots, last = text.partition("..")
    try:
        low = float(first)
        high = float(last) if dots else low
    except ValueError:
        raise ConfigError(f"'{text}' is not a range", "For example: 175..300") from None
    return checked_range((low, high), text)


def checked_range(ends: tuple[float, float], text: str) -> tuple[float, float]:
    if not ends[0] <= ends[1]:
        raise ConfigError(
            f"'{text}' is not a range: its lower end is above its upper", "For example: 175..300"
        )
    return ends
