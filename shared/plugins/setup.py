"""What a plugin is built from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from shared.plugins.secrets import SecretSource, read_secret
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What `build` of a plugin gets; some kinds add to it (`TransportSetup`, `ClassifierSetup`).

    `config` is a value of the plugin's own config model, validated; None where it has no model. `data` is a directory
    of its own, which is not made before the plugin makes it. `now` is the suite's clock.
    """

    config: Any
    settings: Settings
    data: Path
    now: Callable[[], datetime]
    secrets: SecretSource = field(default=read_secret, repr=False)

    @staticmethod
    def data_of(settings: Settings, kind: str, name: str) -> Path:
        """Return the directory that belongs to the plugin `name` of `kind`."""
        return settings.data / "plugins" / kind / name

    def secret(self, name: str) -> SecretStr:
        """Return the secret that a field of the config names; `MissingSecretError` says where it was looked for."""
        return self.secrets(name)
