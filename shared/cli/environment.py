"""Settings from the environment of the command line, with variables laid over it."""

from collections.abc import Mapping

from shared.cli.errors import WrongUse
from shared.settings import Settings, SettingsError, load_settings

NATS_VARIABLE = "YINGDA_NATS_URL"
DATABASE_VARIABLE = "YINGDA_DATABASE_URL"
DATA_VARIABLE = "YINGDA_DATA"


def settings_of(overlay: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process as if the variables of `overlay` were set; `WrongUse` where one is wrong."""
    try:
        return load_settings(overlay)
    except SettingsError as error:
        raise WrongUse(str(error)) from error
