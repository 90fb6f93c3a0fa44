"""The first words of a raw mail in plain text, for whoever looks at a long queue without reading it (R-RT-04)."""

from datetime import UTC, datetime
from typing import Final

from services.intake.plugins.email.body import body_of
from services.intake.plugins.email.quotes import own_words
from services.intake.plugins.email.reading import Arrived, mail_of

LONGEST: Final = 1_000
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


def glance(raw: bytes) -> str:
    """Return the subject and the beginning of the writer's own words, at most 1,000 characters; never raises."""
    mail = mail_of(Arrived(raw, _NEVER))
    said = f"{mail.subject}\n{own_words(body_of(mail.content, mail.whole).text).own}"
    return said[:LONGEST].strip()
