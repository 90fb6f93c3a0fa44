"""As whom a process speaks to NATS, and over what: the user's key, its own inbox, and TLS."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from shared.settings import Settings, SettingsError
from shared.trust import trusting

INBOX = "_INBOX"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a process shows; `seed` is a secret and is told nowhere."""

    user: str | None
    password: str | None
    seed: str | None
    tls: ssl.SSLContext | None

    @property
    def inbox_prefix(self) -> str:
        """Where the user's replies arrive: below a name of its own, so that the server lets nobody else read them."""
        return f"{INBOX}.{self.user}" if self.user else INBOX

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r})"


def credentials_of(settings: Settings) -> Credentials:
    """Return what `settings` name; `SettingsError` says which file cannot be used, never what is in it."""
    user, seed = settings.nats_user, None
    if settings.nats_nkey_file is not None:
        user, seed = user or user_of(settings.nats_nkey_file), _seed(settings.nats_nkey_file)
    password = settings.nats_password.get_secret_value() if settings.nats_password else ""
    return Credentials(user, password if user and seed is None else None, seed, _tls(settings))


def user_of(path: Path) -> str:
    """Return the user whose seed stands in a file of that name."""
    return path.name.partition(".")[0]


def _seed(path: Path) -> str:
    from shared.nkey import NotASeedError, public_key  # noqa: PLC0415 (loads libsodium; on one machine nobody has a key)

    try:
        seed = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"YINGDA_NATS_NKEY_FILE names {path}, which cannot be read: {reason}") from None
    try:
        public_key(seed)
    except NotASeedError:
        raise SettingsError(f"YINGDA_NATS_NKEY_FILE names {path}, and there is no seed of an nkey in it") from None
    return seed


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Return what the connection is encrypted by; None where the settings do not ask for it."""
    if settings.nats_ca is None:
        if settings.nats_cert is not None or settings.nats_key is not None:
            raise SettingsError("YINGDA_NATS_CERT and YINGDA_NATS_KEY need YINGDA_NATS_CA: without it there is no TLS")
        return None
    context = trusting("YINGDA_NATS_CA", settings.nats_ca)
    if settings.nats_cert is not None:
        try:
            context.load_cert_chain(settings.nats_cert, settings.nats_key)
        except (OSError, ssl.SSLError):
            raise SettingsError(
                f"YINGDA_NATS_CERT and YINGDA_NATS_KEY: {settings.nats_cert} and its key cannot be used"
            ) from None
    return context
