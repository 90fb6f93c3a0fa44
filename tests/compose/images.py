"""Which images `deploy/compose.yaml` and `deploy/Dockerfile` name."""

import re
import tomllib
from functools import cache
from typing import Any, Final

import yaml

from tests.compose.stack import COMPOSE_FILE
from tests.compose.standins import REPOSITORY

NO_STANDIN: Final = ("grafana", "mail")
"""Services whose images only a registry has."""


@cache
def services() -> dict[str, dict[str, Any]]:
    """Return the services of the file, aliases and merges resolved."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["services"]
    return found


def python_image() -> str:
    """Return the image that the services' own is built from."""
    named = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (REPOSITORY / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert named
    return named[1]


def own_image() -> str:
    """Return the image of the services as it is called where nobody says otherwise."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name']}:{project['version']}"


def public_images() -> list[str]:
    """Return the public images that the tests of this folder use."""
    used = {one["image"] for name, one in services().items() if "build" not in one and name not in NO_STANDIN}
    return [python_image(), *sorted(used)]
