"""The image of the services, as it was built: what runs in it, as whom, and what is not in it."""

import json
import re
from typing import Any

import pytest

from tests.compose.images import python_image
from tests.compose.stack import docker
from tests.compose.standins import REPOSITORY

pytestmark = [pytest.mark.slow_operations, pytest.mark.timeout(900)]

OWN_BYTES = 200_000_000
"""What the image may add to the one that it is built from."""
HARDENED = ("--rm", "--read-only", "--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture(scope="module")
def image(built: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("image", "inspect", built))[0]
    return found


def inside(image: dict[str, Any], code: str) -> str:
    return docker("run", *HARDENED, "--entrypoint", "python", image["Id"], "-c", code)


def test_its_entry_is_the_command_line(image: dict[str, Any]) -> None:
    assert image["Config"]["Entrypoint"] == ["yingda"]
    assert docker("run", *HARDENED, image["Id"], "--version").startswith("yingda ")


def test_it_runs_as_nobody_of_importance_and_writes_nowhere(image: dict[str, Any]) -> None:
    assert image["Config"]["User"] == "10001:10001"
    code = (
        "import os, sys\n"
        "assert os.getuid() == 10001, os.getuid()\n"
        "for place in ('/', '/opt/yingda', '/var/lib/yingda', os.path.dirname(os.__file__)):\n"
        "    try: open(f'{place}/new', 'w')\n"
        "    except OSError: continue\n"
        "    sys.exit(place)\n"
        "print('nowhere')"
    )
    assert inside(image, code) == "nowhere\n"


def test_it_holds_the_pinned_packages_and_no_others(image: dict[str, Any]) -> None:
    code = "from importlib.metadata import distributions as d; print(*(f'{x.name}=={x.version}' for x in d(path=__import__('sys').path[-1:])))"
    held = {re.sub(r"[-_.]+", "-", name).lower() for name in inside(image, code).split()}
    lock = (REPOSITORY / "deploy" / "requirements.lock").read_text(encoding="utf-8")
    pinned = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^(\S+==\S+)", lock, re.MULTILINE)}
    assert {name for name in held if not name.startswith("yingda==")} == pinned


def test_it_builds_nothing(image: dict[str, Any]) -> None:
    code = "import shutil; print([x for x in ('gcc', 'cc', 'ld', 'make') if shutil.which(x)])"
    assert inside(image, code) == "[]\n"


def test_it_is_small(image: dict[str, Any]) -> None:
    base = json.loads(docker("image", "inspect", python_image()))[0]
    assert image["Size"] - base["Size"] < OWN_BYTES


def test_it_says_what_it_is_and_nothing_of_where_it_was_built(image: dict[str, Any]) -> None:
    labels = image["Config"]["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.version"] == docker("run", *HARDENED, image["Id"], "--version").split()[-1]
    assert image["Config"]["Healthcheck"]["Test"][0] == "CMD"
    assert "PIP_INDEX_URL" not in docker("history", "--no-trunc", image["Id"])


def test_its_health_check_tells_why(image: dict[str, Any]) -> None:
    code = (
        "import subprocess, sys\n"
        "asked = subprocess.run([sys.executable, '-I', '-S', '/opt/yingda/healthcheck.py'], capture_output=True, text=True)\n"
        "print(asked.returncode, asked.stdout)"
    )
    assert inside(image, code).startswith("1 no answer on port 9464: ")
