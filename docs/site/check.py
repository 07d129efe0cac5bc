"""What is checked of the built site: it loads nothing from another server.

A reader's address and the pages that were read are nobody's business, and a laboratory without
a network can read the site from a folder.
"""

from __future__ import annotations

import re
from pathlib import Path

# What a browser loads by itself; links, which a reader chooses to follow, are not among them.
_LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc\s*=\s*[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preload|prefetch|preconnect|icon|dns-prefetch))"
    r"[^>]*?\bhref\s*=\s*[\"']?((?:https?:)?//[^\"'\s>]+)",
    re.IGNORECASE,
)
_IN_STYLES = re.compile(r"(?:@import\s+|url\()\s*[\"']?((?:https?:)?//[^\"')\s]+)")


def loaded_from_elsewhere(site: Path) -> list[str]:
    """`page: address` for everything that the pages and styles load from another server."""
    lines = []
    for file in sorted(site.rglob("*")):
        pattern = {".html": _LOADED, ".css": _IN_STYLES}.get(file.suffix)
        if pattern is None:
            continue
        for match in pattern.finditer(file.read_text()):
            address = next(group for group in match.groups() if group)
            lines.append(f"{file.relative_to(site)}: {address}")
    return lines
