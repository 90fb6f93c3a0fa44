"""The configuration that a deployment starts from is one that the real server accepts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from shared.permissions import installed_users
from shared.permissions.__main__ import FILE, main
from shared.permissions.secrets_folder import SecretsFolder
from shared.testing.embedded_nats import nats_binary

NATS = Path(__file__).parents[2] / "deploy" / "nats"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The configuration as a deployment has it: ours, and the keys of its users."""
    SecretsFolder(tmp_path, [user.name for user in installed_users()], ()).complete()
    shutil.copytree(NATS, tmp_path / "nats", dirs_exist_ok=True)
    return tmp_path / "nats"


def test_the_nats_configuration_is_valid_and_flushes_always(folder: Path) -> None:
    checked = _checked(folder / "nats-server.conf")
    assert checked.returncode == 0, checked.stderr
    assert "sync_interval: always" in (NATS / "nats-server.conf").read_text(encoding="utf-8")


def test_a_server_without_users_does_not_start_open_to_all(folder: Path) -> None:
    (folder / "users.conf").unlink()
    checked = _checked(folder / "nats-server.conf")
    assert checked.returncode != 0
    assert "users.conf" in checked.stderr


def test_the_permissions_are_as_generated_from_the_code() -> None:
    assert main(["--check"]) == 0, f"{FILE} drifted: run `python -m shared.permissions`"


def _checked(conf: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([nats_binary(), "-t", "-c", conf], capture_output=True, text=True, check=False)
