"""What is ours: our addresses, and the Message-IDs of our mails (`services/notify/plugins/mail/writing.py` makes them)."""

import re
from collections.abc import Collection
from typing import Final

_OURS: Final = re.compile(  # a derived id, a UUID of version 5: Thunderbird writes random ones (4) before its user's domain
    r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?:\.(XR\d{11,14}))?@([A-Za-z0-9.-]{1,253})"
)
_CONVERSATION: Final = re.compile(r"(XR\d{11,14})@([A-Za-z0-9.-]{1,253})")


def own_ids(text: str, own: Collection[str]) -> list[str]:
    """Return the Message-IDs of our mails in `text`, without their angle brackets, each once."""
    domains = domains_of(own)
    found = (match.group() for match in _OURS.finditer(text) if match.group(2).lower().rstrip(".") in domains)
    return list(dict.fromkeys(found))


def is_ours(message_id: str, own: Collection[str]) -> bool:
    """Return whether a Message-ID is that of a mail of ours."""
    match = _OURS.fullmatch(message_id)
    return match is not None and match.group(2).lower() in domains_of(own)


def number_in(message_id: str, own: Collection[str]) -> str | None:
    """Return the number of the work order in a Message-ID of ours; None for others, whose numbers are others' too."""
    match = _OURS.fullmatch(message_id) or _CONVERSATION.fullmatch(message_id)
    return match.group(1) if match is not None and match.group(2).lower() in domains_of(own) else None


def domains_of(own: Collection[str]) -> set[str]:
    """Return the domains of our addresses."""
    return {address.rpartition("@")[2].lower() for address in own if "@" in address}
