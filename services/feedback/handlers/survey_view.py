"""The survey page as HTML: our own templates and words, every value escaped, no scripts (R-FB-02)."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.feedback.domain.script import LANGUAGES
from services.feedback.domain.survey_form import LEVELS, LONGEST_WORDS, Form
from services.feedback.handlers.surveys import Link
from shared.policy import Policy

Notice = Literal["thanks", "repeated", "gone", "refused", "failed"]

PAGES: Final = Path(__file__).parents[1] / "pages"
ENDING_DIGITS: Final = 4
"""Of the work order's number, what the page shows: enough to know the matter again, too little to ask about it."""


class SurveyView:
    """Writes the pages. It is made once; a template or text that is missing shows then, not to a customer."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._words = {one: yaml.safe_load((PAGES / f"{one}.yaml").read_text(encoding="utf-8")) for one in LANGUAGES}
        style = (PAGES / "style.css").read_text(encoding="utf-8").strip()
        pages = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._survey, self._notice = pages.get_template("survey.html.j2"), pages.get_template("notice.html.j2")
        # Where the style is put in literally, so that its hash is the one that the header names.
        self._style = _Literal(style)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.content_security = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    def survey(self, language: str, link: Link, form: Form) -> str:
        """Return the page with the questions; a form that could not be taken is shown again with what is wrong."""
        words = self._words[language]
        return self._survey.render(
            **self._common(language),
            ending=link.number[-ENDING_DIGITS:],
            until=self._local(link.expires_at),
            fault=words[form.fault].format(most=LONGEST_WORDS) if form.fault else None,
            given=form.given,
            levels=LEVELS,
            most=LONGEST_WORDS,
        )

    def notice(self, language: str, which: Notice) -> str:
        """Return a page that only says something."""
        return self._notice.render(**self._common(language), notice=self._words[language][which])

    def _common(self, language: str) -> Mapping[str, Any]:
        house = self._policy.service.name.in_locale(language)
        return {"words": self._words[language], "house": house, "style": self._style}

    def _local(self, at: datetime | None) -> str:
        return f"{self._policy.calendar().local(at):%Y-%m-%d %H:%M}" if at else ""


class _Literal(str):
    """A text of our own that goes into a page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return the text itself."""
        return str(self)
