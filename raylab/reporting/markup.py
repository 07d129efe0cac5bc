"""Jinja2 templates: everything from data reaches a page through them, so that it is escaped by the
template engine and never by hand.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from raylab.reporting.tables.cells import number

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,  # for every template, whatever its name
        undefined=StrictUndefined,  # a name that the caller forgot is an error, not an empty text
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["score"] = number
    return environment


def render(template: str, **values: object) -> Markup:
    """Fill in a template of the folder `templates`. Values are escaped unless they are Markup.

    Returns:
        Markup, which another template takes over as it is.
    """
    return Markup(_environment().get_template(template).render(**values))


def image(path: Path, name: str) -> Markup:
    """A PNG file as an element that holds its data; `name` is its alternative text."""
    data = base64.b64encode(path.read_bytes()).decode()
    return render("image.html", name=name, data=data)
