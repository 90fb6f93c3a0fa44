"""Certificates for the tests, made on the spot: a house that vouches, and what it vouches for.

X.509 with Ed25519 (RFC 5280, RFC 8410), as much of it as a TLS handshake looks at. Neither Python nor what is
installed here can make any, and not every machine has the program `openssl`.
"""

import base64
import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nacl.signing import SigningKey

_ED25519 = bytes.fromhex("06032b6570")
_COMMON_NAME = bytes.fromhex("0603550403")
_SUBJECT_KEY, _KEY_USAGE, _ALTERNATIVE, _BASIC, _AUTHORITY_KEY = (
    bytes.fromhex(f"0603551d{last}") for last in ("0e", "0f", "11", "13", "23")
)
_INTEGER, _BITS, _OCTETS, _UTF8, _TIME, _SEQUENCE, _SET = 0x02, 0x03, 0x04, 0x0C, 0x18, 0x30, 0x31
_TRUE = b"\x01\x01\xff"


@dataclass(frozen=True)
class Certificate:
    """Who it is for, in DER, and the key to it."""

    name: str
    der: bytes
    key: SigningKey

    def write(self, folder: Path, stem: str) -> tuple[Path, Path]:
        """Write the certificate and its key as PEM; return where they are."""
        certificate, key = folder / f"{stem}.pem", folder / f"{stem}-key.pem"
        certificate.write_text(_pem("CERTIFICATE", self.der))
        inner = _value(_OCTETS, _value(_OCTETS, bytes(self.key)))
        key.write_text(_pem("PRIVATE KEY", _sequence(_value(_INTEGER, b"\0"), _sequence(_ED25519), inner)))
        return certificate, key


def authority(name: str) -> Certificate:
    """Return a house that vouches for others."""
    key = SigningKey.generate()
    usage = _extension(_KEY_USAGE, _value(_BITS, b"\x01\x06"), critical=True)  # signs certificates and their lists
    return _signed(name, key, name, key, [_extension(_BASIC, _sequence(_TRUE), critical=True), usage])


def vouched(by: Certificate, *names: str) -> Certificate:
    """Return what `by` vouches for: a server or a client with these names and addresses."""
    found = b"".join(_alternative(name) for name in names)
    extensions = [_extension(_BASIC, _sequence(), critical=True), _extension(_ALTERNATIVE, _value(_SEQUENCE, found))]
    return _signed(names[0], SigningKey.generate(), by.name, by.key, extensions)


def _signed(name: str, key: SigningKey, issuer: str, by: SigningKey, extensions: list[bytes]) -> Certificate:
    now = datetime.now(UTC)
    identified = [
        _extension(_SUBJECT_KEY, _value(_OCTETS, _identity(key))),
        _extension(_AUTHORITY_KEY, _sequence(_value(0x80, _identity(by)))),
        *extensions,
    ]
    body = _sequence(
        _value(0xA0, _value(_INTEGER, b"\x02")),
        _value(_INTEGER, b"\x01" + secrets.token_bytes(15)),
        _sequence(_ED25519),
        _name(issuer),
        _sequence(_moment(now - timedelta(hours=1)), _moment(now + timedelta(days=1))),
        _name(name),
        _sequence(_sequence(_ED25519), _value(_BITS, b"\0" + bytes(key.verify_key))),
        _value(0xA3, _sequence(*identified)),
    )
    der = _sequence(body, _sequence(_ED25519), _value(_BITS, b"\0" + by.sign(body).signature))
    return Certificate(name, der, key)


def _identity(key: SigningKey) -> bytes:
    return hashlib.sha256(bytes(key.verify_key)).digest()[:20]


def _name(name: str) -> bytes:
    return _sequence(_value(_SET, _sequence(_COMMON_NAME, _value(_UTF8, name.encode()))))


def _alternative(name: str) -> bytes:
    try:
        return _value(0x87, ipaddress.ip_address(name).packed)
    except ValueError:
        return _value(0x82, name.encode())


def _moment(at: datetime) -> bytes:
    return _value(_TIME, at.strftime("%Y%m%d%H%M%SZ").encode())


def _extension(kind: bytes, value: bytes, *, critical: bool = False) -> bytes:
    return _sequence(kind, _TRUE if critical else b"", _value(_OCTETS, value))


def _sequence(*parts: bytes) -> bytes:
    return _value(_SEQUENCE, b"".join(parts))


def _value(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _pem(label: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"
