"""What the agent reads out: a script with its few values put in (R-FB-01, R-FB-07).

A script is a text with `{places}`. Values are put in once and literally: what a customer wrote is never read as a
script. A line with a place whose value is empty is left out, as the wishes outside holidays.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, get_args

from services.feedback.domain.address import greeting
from services.feedback.domain.customer import Customer
from shared.events.commands.script import ScriptName
from shared.policy import Policy, Staff

SCRIPTS: Final[tuple[ScriptName, ...]] = get_args(ScriptName)
OF_A_WORK_ORDER: Final[frozenset[ScriptName]] = frozenset(
    {"return_call", "product_project", "platform_ad", "complaint_after_sales", "care", "supervisor_contact"}
)
"""Scripts that name the matter; the others are for any call."""
ASKING: Final[frozenset[ScriptName]] = OF_A_WORK_ORDER - {"return_call"}
"""Scripts that ask how satisfied the customer is (R-FB-02)."""
LANGUAGES: Final = ("zh", "en")
VALUES: Final = ("greeting", "agent", "service", "number", "holiday", "care")
"""What a script may ask for: the words of greeting, the caller's name and department, the number, a holiday's wishes,
a hint to speak plainly with who asked for it (R-IN-11)."""

_PLACE: Final = re.compile(r"\{(\w+)\}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_CARE: Final = {
    "zh": "（客户希望说得简单一些：请放慢语速，用短句，不用专业词，重要的内容说两遍。）",
    "en": "(The customer prefers plain words: speak slowly, in short sentences, and say what matters twice.)",
}


def language_of(locale: str) -> str:
    """Return the language of the script for a customer's locale: Chinese for any `zh`, else English."""
    return "zh" if locale.lower().startswith("zh") else "en"


def values_for(
    customer: Customer | None, staff: Staff, number: str, today: date, language: str, policy: Policy
) -> dict[str, str]:
    """Return what is put into a script that `staff` reads out to `customer` on the local day `today` (R-IN-11)."""
    holiday = policy.holiday(today)
    return {
        "greeting": greeting(customer, language),
        "agent": staff.name,
        "service": policy.service.name.in_locale(language),
        "number": number,
        "holiday": _wishes(holiday.name.in_locale(language), language) if holiday else "",
        "care": _CARE[language] if customer and customer.plain_language else "",
    }


def render(script: str, values: Mapping[str, str]) -> str:
    """Return `script` with its values put in, each on one line; a place without a value stays as it is written."""

    def value(match: re.Match[str]) -> str:
        return _CONTROL.sub(" ", values[match[1]]) if match[1] in values else match[0]

    def wanted(line: str) -> bool:
        return all(values.get(place, place).strip() for place in _PLACE.findall(line))

    return "\n".join(_PLACE.sub(value, line).rstrip() for line in script.strip().splitlines() if wanted(line))


def _wishes(holiday: str, language: str) -> str:
    if language == "zh":
        return f"值此{holiday}假期，也向您致以节日的问候。"
    return f"Our best regards to you on {holiday}."
