"""Addresses of SQLite databases, for SQLAlchemy (which Optuna and MLflow use)."""

from __future__ import annotations

from pathlib import Path

PREFIX = "sqlite:///"


def sqlite_url(path: Path) -> str:
    """The URL of a database file, whatever characters its path has.

    A `?` in a path would begin the URL's options, and `%41` would become `A`. Such paths are
    quoted; others stay as they are, because MLflow makes folders by the URL's own text.
    """
    from sqlalchemy import URL

    plain = f"{PREFIX}{path}"
    if sqlite_path(plain) == path:
        return plain
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def sqlite_path(url: str) -> Path:
    """The database file that a URL names."""
    from sqlalchemy import make_url

    return Path(make_url(url).database or "").absolute()
