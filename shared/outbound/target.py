"""Where a request goes, and with which headers: checked before anything is sent."""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from shared.outbound.addresses import TrustedHosts
from shared.outbound.result import NotTaken

_URL = re.compile(r"[!-~]+")
_LONGEST = 8_000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[ -~]*")


def target_of(url: str, trusted: TrustedHosts) -> SplitResult | NotTaken:
    """Return the parts of `url`, or why nothing is sent there."""
    if len(url) > _LONGEST:
        return NotTaken("its address is too long", for_good=True)
    try:
        target = urlsplit(url)
        usable = _URL.fullmatch(url) and target.scheme in {"http", "https"} and target.hostname and target.port != 0
    except ValueError:  # a port that is none, brackets without an end
        usable = False
    if not usable:
        return NotTaken("its address is no URL of the form https://host/path")
    if target.username is not None or target.password is not None:
        return NotTaken("its address holds a user or a password")
    if target.scheme == "http" and not trusted.name(target.hostname or ""):
        return NotTaken("clear text goes to trusted hosts only")
    return target


def are_headers(headers: Mapping[str, str]) -> bool:
    """Whether these can be sent as they are: none of them can end a header and begin another."""
    return all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers.items())
