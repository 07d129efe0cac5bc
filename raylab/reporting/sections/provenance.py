"""What a study's winner was made of: its config, the code and the packages."""

from __future__ import annotations

import yaml
from markupsafe import Markup

from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render


def config(facts: StudyFacts) -> Markup | None:
    """The resolved config of the winner as YAML."""
    if facts.winner is None:
        return None
    text = yaml.safe_dump(facts.winner.config, sort_keys=False, allow_unicode=True)
    return render("config.html", trial=facts.winner.trial, text=text)


def environment(facts: StudyFacts) -> Markup:
    """The study's id, the commit of the code, and the versions of packages."""
    return render("environment.html", study=facts.study)
