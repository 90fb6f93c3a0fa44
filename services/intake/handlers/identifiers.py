"""Identifiers of a customer in the one form in which they can be compared; what is doubtful identifies nobody."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from services.intake.domain.customer_file import CustomerFile
from services.intake.domain.customers import Identifier

REGION: Final = "CN"
COUNTRY_CODE: Final = 86
FEWEST_DIGITS: Final = (
    10  # area code and number, or a mobile's eleven: fewer are a local number, the same in every city
)
LONGEST: Final = 64
_MOBILE: Final = re.compile(r"1(?:[3-689][0-9]|7[0-8])[0-9]{8}")
"""A Chinese mobile number as most are written. What begins with 179 may be the code of a carrier."""
_MASK: Final = re.compile(r"[*#?]")
_HANDLE: Final = re.compile(r"[!-~]{1,128}")
"""As notify takes one for an address."""


def identifiers_of(told: CustomerFile, handle: Identifier | None = None) -> tuple[Identifier, ...]:
    """Return the identifiers in what a contact tells of its customer, and their `handle`, the strongest first."""
    found: list[Identifier] = []
    if told.member_no and (member_no := normal_member_no(told.member_no)):
        found.append(Identifier("member_no", member_no))
    if handle is not None:
        found.append(handle)
    if told.phone and (phone := normal_phone(told.phone)):
        found.append(Identifier("phone", phone))
    if told.email and (email := normal_email(told.email)):
        found.append(Identifier("email", email))
    return tuple(found)


def handle_of(channel: str, details: Mapping[str, Any]) -> Identifier | None:
    """Return the customer's own id on `channel`, which its plugin has put into `openid`; None where there is none.

    An id of one channel says nothing on another.
    """
    written = details.get("openid")
    if not isinstance(written, str) or not _HANDLE.fullmatch(written):
        return None
    return Identifier("handle", f"{channel}:{written}")


def same_detail(name: str, one: str, other: str) -> bool:
    """Return whether two values of a customer's detail are the same one, written differently."""
    return _plain(name, one) == _plain(name, other)


def _plain(name: str, written: str) -> str:
    normal = _NORMAL[name](written) if name in _NORMAL else None
    return normal or re.sub(r"\s+", " ", unicodedata.normalize("NFKC", written)).strip().casefold()


def normal_member_no(written: str) -> str | None:
    """Return a member number in capitals without spaces; None for a masked or endless one."""
    value = re.sub(r"\s", "", unicodedata.normalize("NFKC", written)).upper()
    return value if 0 < len(value) <= LONGEST and not _MASK.search(value) else None


def normal_phone(written: str) -> str | None:
    """Return a telephone number as E.164, an extension behind it (`+8657112345678;ext=801`).

    None for a masked number, a local one without its area code and whatever else cannot be dialled from anywhere.
    """
    if _MOBILE.fullmatch(written):
        return f"+{COUNTRY_CODE}{written}"
    text = unicodedata.normalize("NFKC", written)
    if _MASK.search(text) or len(text) > LONGEST:
        return None
    try:
        number = phonenumbers.parse(text, REGION)
    except NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    if number.country_code == COUNTRY_CODE and len(str(number.national_number)) < FEWEST_DIGITS:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{e164};ext={number.extension}" if number.extension else e164


def normal_email(written: str) -> str | None:
    """Return an address in small letters; None for what is not an address. Nothing is looked up."""
    text = unicodedata.normalize("NFKC", written).strip()
    if _MASK.search(text) or len(text) > 4 * LONGEST:
        return None
    try:
        address = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return address.normalized.lower()


_NORMAL: Final[Mapping[str, Callable[[str], str | None]]] = {
    "member_no": normal_member_no,
    "phone": normal_phone,
    "email": normal_email,
}
