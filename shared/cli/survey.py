"""The survey page of a suite on one machine: its key and its port, the same whenever the suite starts in a directory.

Links that were sent to customers stay good across restarts: the key is kept in `DIR/survey.key`, which only its owner
reads, and the port in `DIR/survey.port`. Whatever the environment names comes first.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from shared.settings import Settings
from shared.testing.embedded_ports import LOOPBACK, free_port

KEY_FILE: Final = "survey.key"
PORT_FILE: Final = "survey.port"
KEY_BYTES: Final = 32
URL_VARIABLE: Final = "YINGDA_SURVEY_URL"
_EVERYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 (recognised, not used: a link needs an address to go to)


def survey_environment(directory: Path, settings: Settings) -> Mapping[str, str]:
    """Return the variables of the survey page: what `settings` say, and where they leave it open what `directory` keeps."""
    found: dict[str, str] = {}
    if settings.survey_key is None:
        found["YINGDA_SURVEY_KEY"] = _key(directory / KEY_FILE)
    port = settings.survey_port or kept_port(directory / PORT_FILE, settings.survey_host)
    found["YINGDA_SURVEY_PORT"] = str(port)
    host = LOOPBACK if settings.survey_host in _EVERYWHERE else settings.survey_host
    here = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    found[URL_VARIABLE] = settings.survey_url or here
    return found


def _key(path: Path) -> str:
    """Return the key in `path`, made where there is none; nobody but its owner can ever read the file."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES))
        draft.replace(path)
    return path.read_text(encoding="ascii").strip()


def kept_port(path: Path, host: str) -> int:
    """Return the port in `path` while it is free, else a new one."""
    with suppress(OSError, ValueError):
        port = int(path.read_text(encoding="ascii"))
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return port
    port = free_port()
    path.write_text(f"{port}\n", encoding="ascii")
    return port
