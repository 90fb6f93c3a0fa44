"""The secrets of a deployment: made once, for their owner's eyes only, and changed one at a time."""

import os
import stat
from pathlib import Path

import pytest

from shared.nkey import NotASeedError, new_seed, public_key
from shared.permissions.secrets_folder import SecretsFolder, SecretsFolderError, password_file
from tests.command_line import yingda


@pytest.fixture
def folder(tmp_path: Path) -> SecretsFolder:
    made = SecretsFolder(tmp_path, ["sla", "desk"], ["sla"])
    made.complete()
    return made


def keys(root: Path) -> list[str]:
    users = (root / "nats" / "users.conf").read_text().splitlines()
    return [line.split()[2].rstrip(",") for line in users if "nkey:" in line]


def test_only_the_owner_reads_a_secret_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SecretsFolder(tmp_path / "new", ["sla"], ["sla"]).complete()
    finally:
        os.umask(before)
    modes = {
        path.relative_to(tmp_path / "new").as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "new").rglob("*")
    }
    assert modes == {
        "nats": 0o700,
        "postgres": 0o700,
        "nats/sla.nk": 0o600,
        "postgres/sla.password": 0o600,
        "nats/users.conf": 0o644,
    }


def test_what_is_there_stays(folder: SecretsFolder, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert folder.complete() == []
    assert {path: path.read_bytes() for path in before} == before


def test_what_is_missing_is_made_anew_and_told_to_the_server(folder: SecretsFolder, tmp_path: Path) -> None:
    lost = keys(tmp_path)
    (tmp_path / "nats" / "sla.nk").unlink()
    assert [line.split()[0].rsplit("/", 1)[1] for line in folder.complete()] == ["sla.nk", "users.conf"]
    assert len({*lost, *keys(tmp_path)}) == len(lost) + 1


def test_a_rotation_has_two_keys_side_by_side(folder: SecretsFolder, tmp_path: Path) -> None:
    first = public_key((tmp_path / "nats" / "sla.nk").read_text())
    folder.rotate_key("sla")
    second = public_key((tmp_path / "nats" / "sla.nk").read_text())
    assert {first, second} <= set(keys(tmp_path))
    with pytest.raises(SecretsFolderError, match="two keys already"):
        folder.rotate_key("sla")
    folder.retire_key("sla")
    assert second in keys(tmp_path)
    assert first not in keys(tmp_path)


def test_the_public_file_holds_no_secret(folder: SecretsFolder, tmp_path: Path) -> None:
    folder.rotate_key("desk")
    text = (tmp_path / "nats" / "users.conf").read_text()
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "users.conf":
            assert path.read_text().strip() not in text


def test_a_new_password_replaces_the_old_one(folder: SecretsFolder, tmp_path: Path) -> None:
    path = password_file(tmp_path / "postgres", "sla")
    before = path.read_text()
    folder.rotate_password("sla")
    assert path.read_text() != before


def test_a_broken_seed_is_named_and_not_told(folder: SecretsFolder, tmp_path: Path) -> None:
    (tmp_path / "nats" / "sla.nk").write_text("SUTHISISNOSEED")
    with pytest.raises(SecretsFolderError, match=r"no seed of an nkey in .*sla\.nk") as raised:
        folder.complete()
    assert "SUTHISISNOSEED" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["", "no seed", new_seed()[:-1], "SAAAA", new_seed().lower()],
    ids=["empty", "words", "a letter short", "short", "small letters"],
)
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(NotASeedError):
        public_key(text)


def test_the_command_line_makes_rotates_and_retires(tmp_path: Path) -> None:
    made = yingda("deploy", "secrets", str(tmp_path))
    assert (made.code, made.lines[-1].endswith("users.conf written: let the NATS servers read it (SIGHUP)")) == (
        0,
        True,
    )
    assert yingda("deploy", "secrets", str(tmp_path)).lines == ["everything is there"]
    assert yingda("deploy", "secrets", str(tmp_path), "--rotate", "intake").code == 0
    again = yingda("deploy", "secrets", str(tmp_path), "--rotate", "intake")
    assert (again.code, again.err) == (1, "yingda: intake has two keys already: retire the old one first\n")
    assert yingda("deploy", "secrets", str(tmp_path), "--retire", "intake").code == 0
    assert yingda("deploy", "secrets", str(tmp_path), "--rotate-password", "nobody").code == 1
