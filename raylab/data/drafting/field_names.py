"""The names that laboratories give to arrays."""

from __future__ import annotations

import re


def _names(text: str) -> set[str]:
    return set(text.split())


SPIKING = _names("spks spikes spike counts rates deconv deconvolved firing s mua")
CALCIUM = _names(
    "dff dfof df deltaf fluorescence fluo calcium ca gcamp c f traces trace roi rois zscore "
    "zscored imaging signal signals"
)
ACTIVITY = _names("neural activity neurons neuron cells cell units unit responses resp psth data x")
PREFERRED = ("dff", "dfof", "zscored", "zscore", "spks", "spikes", "rates", "traces")
NO_ACTIVITY = _names(
    "mask masks coordinates coords centroids image images weights tuning corr correlation "
    "correlations pixel pixels neuropil fneu yra video confidence likelihood lfp movie template "
    "templates spatial background b w index indices std sem waveform waveforms electrodes channel "
    "channels footprints contour contours noise sn bl"
)
CLOCK = _names(
    "time times timestamp timestamps t ts stamp stamps tstamps clock seconds sec secs tframe "
    "frametimes tvec"
)
RATE = _names("fs rate fr sr framerate frate samplingrate samplerate hz fps")
INTERVALS = _names("dt frameperiod frameinterval samplinginterval sampleinterval binsize binwidth")
POSITION = _names(
    "position pos xy location loc place x y z speed velocity vel running wheel pupil distance "
    "depth temperature acceleration accel force hand cursor lever whisker whisking treadmill "
    "contrast coherence eye reversal curvature turning track behavior behaviour motion"
)
CIRCULAR = _names("angle heading hd phase theta direction orientation ang yaw azimuth rotation rot")
CLASSES = _names(
    "choice stimulus stim condition cond lick licks reward outcome target context odor odour image "
    "frame scene side correct cue response orientation direction state sleep epoch label labels "
    "class event contrast sound tone rewarded licking action identity behavior behaviour"
)
GROUPS = _names("trial trials lap laps block blocks repeat presentation")
LABELS = POSITION | CIRCULAR | CLASSES | GROUPS
ANIMAL = _names("animal mouse rat subject monkey fish fly worm")
START = _names("start onset begin on starts onsets")
STOP = _names("stop end offset off stops ends offsets")
UNITS = {
    unit: tuple(endings.split())
    for unit, endings in {
        "cm/s": "cm_s cm_per_s cms cm/s",
        "m/s": "m_s m_per_s m/s",
        "mm/s": "mm_s mm/s",
        "deg/s": "deg_s deg/s",
        "rad/s": "rad_s rad/s",
        "cm": "cm",
        "mm": "mm",
        "deg": "deg degrees",
        "rad": "rad radians",
        "px": "px pixels",
        "Hz": "hz",
        "m": "m meters",
        "ms": "ms msec",
        "us": "us usec",
        "ns": "ns",
        "min": "min minutes",
        "s": "s sec secs seconds",
    }.items()
}
TIME_UNITS = {
    "s": _names("s sec secs second seconds"),
    "ms": _names("ms msec millisecond milliseconds"),
    "us": _names("us usec microsecond microseconds"),
    "ns": _names("ns nanosecond nanoseconds"),
    "min": _names("min minute minutes"),
}
LONG_UNITS = {
    "meters": "m",
    "metres": "m",
    "centimeters": "cm",
    "radians": "rad",
    "degrees": "deg",
}


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters: `frameTimes_ms` has frame, times and ms."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    parts = re.split(r"[^A-Za-z]+", spaced)
    return tuple(part.lower() for part in parts if part)


def is_called(name: str, known: set[str]) -> bool:
    """True if a word of the name, or all of its words together, are among `known`."""
    parts = words(name)
    return bool(known & {*parts, "".join(parts)})


def unit_in(name: str) -> tuple[str, str]:
    """(the unit that a name ends with, the name without it): `speed_cm_s`, `speed (cm/s)`."""
    bracket = re.fullmatch(r"(.*\w)[_ ]*[(\[]([^()\[\]]{1,8})[)\]]", name)
    if bracket and words(bracket[1]):
        return bracket[2], bracket[1]
    for unit, endings in UNITS.items():
        for ending in endings:
            match = re.fullmatch(rf"(.*\w)[_ (\[]+{ending}[)\]]?", name, re.IGNORECASE)
            if match and words(match[1]):
                return unit, match[1].rstrip("_ ([")
    return "", name
