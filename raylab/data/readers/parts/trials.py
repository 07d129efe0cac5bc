"""Activity in trials: a tensor, or one array per trial -> one sample after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.errors import DataError

ORDER = ("trial", "time", "neuron")


@dataclass(frozen=True, kw_only=True)
class Trials:
    """The samples of all trials, one trial after the other.

    Attributes:
        row: (T,) the number of each sample's trial in the file.
        place: (T,) the number of each sample in its trial.
        trials: How many trials the file has.
        longest: How many samples of a trial the file has at most.
        is_tensor: The file holds a tensor, in which every trial has `longest` samples.
        layout: The axes of the file.
    """

    row: np.ndarray
    place: np.ndarray
    trials: int
    longest: int
    is_tensor: bool
    layout: str

    @property
    def stored(self) -> np.ndarray:
        """(T,) the places of the samples among all samples of the file, trial after trial."""
        return self.row * self.longest + self.place if self.is_tensor else np.arange(len(self.row))

    @property
    def stored_samples(self) -> int:
        return self.trials * self.longest if self.is_tensor else len(self.row)

    @property
    def have_one_length(self) -> bool:
        return len(self.row) == self.trials * self.longest

    @property
    def segments(self) -> np.ndarray:
        """(S, 2) the samples of each trial."""
        edges = np.concatenate([[0], np.flatnonzero(np.diff(self.row)) + 1, [len(self.row)]])
        return np.stack([edges[:-1], edges[1:]], axis=1).astype(np.int64)

    def per_sample(self, array: np.ndarray, *, is_transposed: bool = False) -> np.ndarray:
        """Values of a tensor (trials, samples, ...) as (trials x samples, ...); others as is.

        Trials and samples have the order that they have in the layout of the activity, unless only
        the other order fits their number.

        Args:
            is_transposed: The columns came first, so all axes were turned around.
        """
        words, shape = self.layout.split("_"), (self.trials, self.longest)
        is_turned = "trial" in words and words.index("time") < words.index("trial")
        is_turned ^= is_transposed and array.ndim > 2
        if array.shape[:2] == shape[::-1] and (array.shape[:2] != shape or is_turned):
            array = array.swapaxes(0, 1)
        if (self.is_tensor or self.have_one_length) and array.shape[:2] == shape:
            return array.reshape(self.trials * self.longest, *array.shape[2:])
        return array


def from_tensor(array: np.ndarray, layout: str, path: str) -> tuple[np.ndarray, Trials, list[str]]:
    """(T, N) activity of a tensor whose axes `layout` names; its trials; notes.

    Samples at the end of a trial in which all units are NaN fill a shorter trial up, and are left
    out.
    """
    words = layout.split("_")
    if array.ndim != len(words):
        raise DataError(
            f"`neural.path` '{path}' has shape {array.shape}, `neural.layout: {layout}` needs "
            f"{len(words)} axes",
            _which_layout(array.ndim),
        )
    tensor = array.transpose([words.index(word) for word in ORDER])
    trials, longest, units = tensor.shape
    if np.ma.isMaskedArray(tensor):
        tensor = np.ma.filled(tensor.astype(np.float64), np.nan)
    measured = np.ones((trials, longest), bool)
    if tensor.dtype.kind == "f" and units:
        measured = ~np.isnan(tensor).all(2)
    lengths = longest - measured[:, ::-1].argmax(1) if longest else np.zeros(trials, np.int64)
    lengths = np.where(measured.any(1), lengths, 0)
    is_kept = np.arange(longest) < lengths[:, None]
    row, place = np.nonzero(is_kept)
    notes = []
    if not is_kept.all():
        notes.append(
            f"Trials have {lengths.min()} to {lengths.max()} of {longest} samples: the NaN at "
            "their ends were left out."
        )
    shape = Trials(
        row=row, place=place, trials=trials, longest=longest, is_tensor=True, layout=layout
    )
    return tensor[is_kept] if notes else tensor.reshape(-1, units), shape, notes


def from_list(
    arrays: list[np.ndarray], layout: str, paths: list[str]
) -> tuple[np.ndarray, Trials, list[str]]:
    """(T, N) activity of one array per trial; its trials; notes."""
    words = [word for word in layout.split("_") if word != "trial"]
    parts = [array if words == ["time", "neuron"] else array.T for array in arrays]
    for path, part in zip(paths, parts):
        if part.ndim != 2 or part.shape[1] != parts[0].shape[1]:
            raise DataError(
                f"`neural.path` matches an array per trial, but '{path}' has {part.shape[-1]} "
                f"units and '{paths[0]}' {parts[0].shape[-1]}",
                "Make the pattern narrower, or set `neural.layout: neuron_time` where rows are "
                "units.",
            )
    lengths = np.array([len(part) for part in parts])
    row = np.repeat(np.arange(len(parts)), lengths)
    place = np.concatenate([np.arange(length) for length in lengths])
    trials = Trials(
        row=row,
        place=place,
        trials=len(parts),
        longest=int(lengths.max()),
        is_tensor=False,
        layout=layout,
    )
    join = np.ma.concatenate if any(map(np.ma.isMaskedArray, parts)) else np.concatenate
    return join(parts), trials, [f"{len(parts)} arrays were read as one trial each."]


def _which_layout(axes: int) -> str:
    if axes == 3:
        return (
            "A tensor of trials needs `neural.layout: trial_time_neuron`, or these words in the "
            "order of its axes, such as neuron_time_trial."
        )
    return "Set `neural.layout` to `time_neuron` or `neuron_time`, or name another array."


def refuse_axes(array: np.ndarray, layout: str, path: str) -> None:
    """Raise a DataError where an array of one recording has more than two axes."""
    if array.ndim > 2:
        raise DataError(
            f"`neural.path` '{path}' has shape {array.shape}, `neural.layout: {layout}` needs 2 "
            "axes",
            _which_layout(array.ndim),
        )
