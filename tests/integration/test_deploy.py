"""The configuration that a deployment starts from is one that the real server accepts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from shared.permissions import installed_users
from shared.permissions.__main__ import FILE, main
from shared.permissions.secrets_folder import SecretsFolder
from shared.testing.embedded_nats import nats_binary
from tests.privilege.certificates import authority, vouched

NATS = Path(__file__).parents[2] / "deploy" / "nats"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The configuration as a deployment has it: ours, and the keys of its users."""
    SecretsFolder(tmp_path, [user.name for user in installed_users()], ()).complete()
    shutil.copytree(NATS, tmp_path / "nats", dirs_exist_ok=True)
    return tmp_path / "nats"


def test_the_nats_configuration_is_valid_flushes_always_and_is_strict(folder: Path) -> None:
    checked = _checked(folder / "nats-server.conf")
    assert checked.returncode == 0, checked.stderr
    text = (NATS / "nats-server.conf").read_text(encoding="utf-8")
    assert "sync_interval: always" in text
    assert "strict: true" in text


def test_a_server_without_users_does_not_start_open_to_all(folder: Path) -> None:
    (folder / "users.conf").unlink()
    checked = _checked(folder / "nats-server.conf")
    assert checked.returncode != 0
    assert "users.conf" in checked.stderr


def test_the_permissions_are_as_generated_from_the_code() -> None:
    assert main(["--check"]) == 0, f"{FILE} drifted: run `python -m shared.permissions`"


def test_the_configuration_with_tls_is_valid_once_its_certificate_is_there(folder: Path) -> None:
    vouched(authority("Yingda test"), "nats").write(folder, "server")
    conf = folder / "nats-server-tls.conf"
    conf.write_text(conf.read_text(encoding="utf-8").replace("/etc/nats/tls", str(folder)), encoding="utf-8")
    checked = _checked(conf)
    assert checked.returncode == 0, checked.stderr


def _checked(conf: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([nats_binary(), "-t", "-c", conf], capture_output=True, text=True, check=False)
