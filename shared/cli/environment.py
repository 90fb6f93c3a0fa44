"""Settings from the environment of the command line, with variables laid over it; a wrong value is wrong use."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from shared.cli.errors import WrongUse
from shared.clock import ClockError, parse_clock
from shared.settings import Settings, SettingsError, load_settings

NATS_VARIABLE = "YINGDA_NATS_URL"
DATABASE_VARIABLE = "YINGDA_DATABASE_URL"
DATA_VARIABLE = "YINGDA_DATA"

_NATS_SCHEMES = ("nats", "tls", "ws", "wss")
_DATABASE_SCHEMES = ("postgresql", "postgres")


def settings_of(overlay: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process as if the variables of `overlay` were set; `WrongUse` where one is wrong."""
    try:
        settings = load_settings(overlay)
    except SettingsError as error:
        raise WrongUse(str(error)) from error
    for server in settings.nats_url.split(","):
        if not _is_address(server if "://" in server else f"nats://{server}", _NATS_SCHEMES):
            raise WrongUse(f"{NATS_VARIABLE} is not of the form nats://host:4222")
    if not _is_address(settings.database_url, _DATABASE_SCHEMES):
        raise WrongUse(f"{DATABASE_VARIABLE} is not of the form postgresql://user@host:5432/database")
    return settings


def running_settings(overlay: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of what runs services: their clock and their policy file too are looked at before they start."""
    settings = settings_of(overlay)
    try:
        parse_clock(settings.clock)
    except ClockError as error:
        raise WrongUse(str(error)) from error
    if settings.policy is not None and not settings.policy.is_file():
        raise WrongUse(f"YINGDA_POLICY names {settings.policy}, and there is no such file")
    return settings


def _is_address(url: str, schemes: Sequence[str]) -> bool:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:  # no number
        return False
    return parts.scheme.partition("+")[0] in schemes and port != 0
