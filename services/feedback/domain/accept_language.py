"""Which of our languages a browser asks for (RFC 9110, section 12.5.4)."""

from typing import Final

from services.feedback.domain.script import LANGUAGES

_LONGEST: Final = 500
_MOST: Final = 20


def preferred(header: str, default: str) -> str:
    """Return `zh` or `en`, whichever `Accept-Language` wants more; `default` where it asks for neither."""
    best, best_quality = default, 0.0
    for wanted in header[:_LONGEST].split(",")[:_MOST]:
        tag, _, parameter = wanted.partition(";")
        language = tag.strip().lower().partition("-")[0]
        quality = _quality(parameter)
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
