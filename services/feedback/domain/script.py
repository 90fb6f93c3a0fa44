"""What the agent reads out: a script with its few values put in (R-FB-01, R-FB-07).

A script is a text with `{names}`. Values are put in once and literally: what a customer wrote is never read as a
script. A line that is empty only because its value is empty is left out.
"""

import re
from collections.abc import Mapping
from typing import Final

SCRIPTS: Final = ("product_project", "platform_ad", "complaint_after_sales", "supervisor_contact")
LANGUAGES: Final = ("zh", "en")
VALUES: Final = ("greeting", "agent", "service", "number", "holiday")
"""What a script may ask for: the words of greeting, the caller's name and department, the number, a holiday's greeting."""

_PLACE: Final = re.compile(r"\{(\w+)\}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def language_of(locale: str) -> str:
    """Return the language of the script for a customer's locale: Chinese for any `zh`, else English."""
    return "zh" if locale.lower().startswith("zh") else "en"


def render(script: str, values: Mapping[str, str]) -> str:
    """Return `script` with its values put in, each on one line; a place without a value stays as it is written."""

    def value(match: re.Match[str]) -> str:
        return _CONTROL.sub(" ", values[match[1]]) if match[1] in values else match[0]

    lines = [(line, _PLACE.sub(value, line).rstrip()) for line in script.strip().splitlines()]
    return "\n".join(rendered for line, rendered in lines if rendered or not line.strip())
