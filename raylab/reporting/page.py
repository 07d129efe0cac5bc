"""A self-contained page of sections."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from raylab.reporting.markup import render


def page(title: str, head: Markup, sections: Mapping[str, Markup | None]) -> str:
    """The whole document, with its style, its scripts and plotly's library.

    Args:
        title: Of the document, as plain text.
        head: What stands above the sections.
        sections: By their titles; those that are None are left out.
    """
    present = [(name, body) for name, body in sections.items() if body]
    plotly = Markup(get_plotlyjs())
    return render("page.html", title=title, head=head, sections=present, plotly=plotly)
