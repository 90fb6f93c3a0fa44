"""Who sent a mail: one address that identifies and is answered, and a name to show; what is doubtful is neither (R-IN-03)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from services.intake.plugins.email import fields, words
from services.intake.plugins.email.charsets import text_of
from services.intake.plugins.email.entities import Entity

_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_COMMENT: Final = re.compile(rb"\(([^()\\]|\\.)*\)")
_NOT_IN_QUOTES: Final = re.compile(rb'("(?:[^"\\]|\\.)*")|\((?:[^()\\]|\\.)*\)')
_IN_ANGLES: Final = re.compile(rb"<\s*(?:@[^:<>]*:)?([^<>]*)>")
_BARE: Final = re.compile(rb"[^\s<>()\"',;:\[\]]+@[^\s<>()\"',;:]+")
_ADDRESS: Final = re.compile(r"[^\s@<>()\",;:\\\[\]]{1,64}@[^\s@<>()\",;:\\\[\]/]{1,185}", re.UNICODE)
_LONGEST_NAME: Final = 64
_LONGEST_PIECE: Final = 2_000
"""Bytes of one mailbox; of a longer one its end is read, where the address stands."""
_MACHINE: Final = re.compile(
    r"(?:mailer[-_]?daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?|auto[-_]?(?:reply|mailer)|noreply\d*)"
    r"(?:[-+.=].*)?@.*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address in the form in which it is written, and the name beside it; either may be empty."""

    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose contact it is, where answers go, and why that may not be believed."""

    mailbox: Mailbox
    reply_to: str = ""
    """Another address that answers were asked to; kept, not used."""
    doubts: tuple[str, ...] = ()


def sender_of(mail: Entity, own: Collection[str]) -> Sender:
    """Return who sent `mail`, which came to the addresses `own`.

    It is From: whoever writes a Reply-To could otherwise read what is answered to somebody else's name. Reply-To counts
    where From is our own (a form on a website) or takes no mail. Two From fields with two addresses identify nobody.
    """
    written = fields.every(mail.fields, "from")
    found = [box for value in written for box in mailboxes(value)]
    doubts = []
    if len({box.address.lower() for box in found if box.address}) > 1 and len(written) > 1:
        return Sender(Mailbox(name=found[0].name), doubts=("several_senders",))
    if len(written) > 1:
        doubts.append("sender_repeated")
    box = next((one for one in found if one.address), found[0] if found else Mailbox())
    answers = [one for value in fields.every(mail.fields, "reply-to") for one in mailboxes(value) if one.address]
    ours = {address.lower() for address in own}
    other = next((one for one in answers if one.address.lower() not in {*ours, box.address.lower()}), None)
    if other is not None and (not box.address or box.address.lower() in ours or is_machine(box.address)):
        return Sender(Mailbox(other.address, other.name or ("" if box.address else box.name)), doubts=tuple(doubts))
    return Sender(box, other.address if other else "", tuple(doubts))


def is_machine(address: str) -> bool:
    """Return whether nobody reads what is sent to this address."""
    return bool(_MACHINE.fullmatch(address))


def mailboxes(value: bytes) -> list[Mailbox]:
    """Return the mailboxes of an address field, also of one that no grammar allows; at most 20."""
    return [box for piece in _pieces(value)[:20] if (box := _mailbox(piece[-_LONGEST_PIECE:])) != Mailbox()]


def _mailbox(piece: bytes) -> Mailbox:
    bare = _QUOTED.sub(b" ", piece)
    angled = list(_IN_ANGLES.finditer(bare))
    if angled:
        address = re.sub(rb"\s+", b"", _COMMENT.sub(b"", angled[-1].group(1)))
        before = _NOT_IN_QUOTES.sub(lambda match: match.group(1) or b" ", piece[: piece.rfind(b"<")]).strip()
        name = before or b" ".join(_comments(piece))
    else:
        match = _BARE.search(_COMMENT.sub(b" ", bare))
        address = match.group() if match else b""
        name = b" ".join(_comments(piece)) if match else piece
    plain = words.line(text_of(address.strip(b" \t'\"")), 300)
    return Mailbox(plain if _ADDRESS.fullmatch(plain) else "", _name(name, plain))


def _name(written: bytes, address: str) -> str:
    """Return the name to show: without its quotation marks; none that is only an address again."""
    unquoted = re.sub(rb"\\(.)", rb"\1", written.strip())
    name = words.text(unquoted, 300).strip(" \"'“”‘’,;")
    return "" if "@" in name or name.lower() == address.lower() else name[:_LONGEST_NAME].strip()


def _comments(piece: bytes) -> list[bytes]:
    return [match.group()[1:-1] for match in _COMMENT.finditer(_QUOTED.sub(b" ", piece))]


def _pieces(value: bytes) -> list[bytes]:
    """Return the field cut at its commas and semicolons, outside of quotations and angles; without a group's name."""
    pieces: list[bytes] = []
    quoted = angled = False
    since = 0
    for at, byte in enumerate(value):
        letter = bytes((byte,))
        if letter == b'"' and value[at - 1 : at] != b"\\":
            quoted = not quoted
        elif not quoted and letter in b"<>":
            angled = letter == b"<"
        elif not quoted and not angled and letter in b",;:":
            if letter != b":":
                pieces.append(value[since:at])
            since = at + 1
    pieces.append(value[since:])
    if not any(b"@" in piece for piece in pieces) and b"@" in value:
        return [value]
    return [piece.strip() for piece in pieces if piece.strip()]
