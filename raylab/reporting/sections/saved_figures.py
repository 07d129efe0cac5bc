"""Figures that lie beside a trial's embedding, with a caption each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from raylab.errors import DataError
from raylab.reporting.markup import image, render


@dataclass(frozen=True)
class Caption:
    """What a figure shows; `title` stands above it, where a section has several figures."""

    name: str
    text: str
    title: str = ""


@dataclass(frozen=True)
class _Figure:
    title: str
    caption: str
    image: Markup


def saved_figures(
    embedding: Path | None,
    captions: Mapping[str, Caption],
    load: Callable[[Path], object | None],
) -> Markup | None:
    """The figures in the folder `figures` beside an embedding; a warning where what they show is
    damaged; None where there is none.

    Args:
        embedding: The path of an `embedding.safetensors`.
        captions: Of each figure, by its file name.
        load: Reads what the figures show; None where the trial has nothing of it.
    """
    if embedding is None:
        return None
    try:
        if load(embedding) is None:
            return None
    except DataError as error:
        return render("note.html", style="warning", text=error.what)
    folder = embedding.parent / "figures"
    figures = [
        _Figure(caption.title, caption.text, image(folder / file, caption.name))
        for file, caption in captions.items()
        if (folder / file).is_file()
    ]
    return render("figures.html", figures=figures) if figures else None
