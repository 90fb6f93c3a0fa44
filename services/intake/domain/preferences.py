"""How a customer wants to be treated; what they said last holds (R-IN-11, R-NT-01)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.events import Contact, Preferences
from shared.events.customer import yes_or_no

NO_WISHES: Final = Preferences()
_FLAT: Final = frozenset({"preferred_channel", "elderly", "plain_language"})
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")


def preferences_of(contact: Contact, details: Mapping[str, Any]) -> Preferences:
    """Return what a contact says, in `customer.preferences` or, flat, among its details."""
    said = contact.customer.preferences
    if said == NO_WISHES and details.keys().isdisjoint(_FLAT):
        return NO_WISHES
    channel = said.channel or Preferences(channel=details.get("preferred_channel")).channel
    return Preferences(
        channel=channel if channel and _CHANNEL.fullmatch(channel) else None,
        elderly=_first(said.elderly, details.get("elderly")),
        plain_language=_first(said.plain_language, details.get("plain_language")),
    )


def renewed(known: Preferences, said: Preferences) -> Preferences:
    """Return the preferences `known`, with what was `said` since in their place."""
    if said == NO_WISHES:
        return known
    return known.model_copy(update=said.model_dump(exclude_none=True))


def wants_plain_language(preferences: Preferences) -> bool:
    """Return whether simpler texts are wanted: said so, or for an elderly customer who did not say otherwise."""
    said = preferences.plain_language
    return bool(preferences.elderly) if said is None else said


def is_automatic(mark: Any) -> bool:
    """Return whether a message says that a machine wrote it: a yes, or a word of RFC 3834 such as `auto-replied`."""
    said = yes_or_no(mark)
    return bool(mark.strip()) if said is None and isinstance(mark, str) else bool(said)


def _first(said: bool | None, written: Any) -> bool | None:
    return yes_or_no(written) if said is None else said
