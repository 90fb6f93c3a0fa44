"""Secrets of plugins: the policy names them, the environment or a file holds them."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from shared.plugins.errors import MissingSecretError
from shared.settings import SECRETS_VARIABLE

SecretSource = Callable[[str], SecretStr]
"""Returns the secret of a name; `MissingSecretError` where there is none."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _name(text: str) -> str:
    """Refuse what can be no name without repeating it: it may be the secret itself."""
    if not _NAME.fullmatch(text):
        raise ValueError("holds the name of a secret (a-z, 0-9 and _), never the secret itself")
    return text


SecretName = Annotated[str, AfterValidator(_name)]
"""A setting that names a secret: `app_secret: wechat_app_secret`."""


def read_secret(name: str) -> SecretStr:
    """Return the secret `name`: the variable YINGDA_SECRET_<NAME>, else the file <name> in the directory YINGDA_SECRETS.

    `MissingSecretError` names both places. What surrounds a secret in its file (a line end) does not belong to it. A
    file is read each time, so that a plugin that asks again has what an operator has put there since.
    """
    if not _NAME.fullmatch(name):
        # not repeated: it may be the secret itself, written where its name belongs
        raise MissingSecretError(
            "what stands there cannot be the name of a secret: up to 64 of a-z, 0-9 and _, a letter first"
        )
    variable = f"YINGDA_SECRET_{name.upper()}"
    if value := os.environ.get(variable):
        return SecretStr(value)
    directory = os.environ.get(SECRETS_VARIABLE)
    file = Path(directory) / name if directory else None
    try:
        value = file.read_text(encoding="utf-8").strip() if file else ""
    except FileNotFoundError:
        value = ""
    except (OSError, UnicodeError) as error:
        raise MissingSecretError(f'the secret "{name}" cannot be read from {file}: {type(error).__name__}') from None
    if not value:
        place = str(file) if file else f"a file {name} in a directory that {SECRETS_VARIABLE} names"
        raise MissingSecretError(f'there is no secret "{name}": set {variable} or write it to {place}')
    return SecretStr(value)
