"""TLS: whom a connection trusts."""

import ssl
from pathlib import Path

from shared.settings import SettingsError


def trusting(variable: str, path: Path) -> ssl.SSLContext:
    """Return a context that trusts nobody but who is in the file at `path`, and checks the name of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError):
        raise SettingsError(f"{variable} names {path}, and there is no certificate that can be read in it") from None
    return context
