"""Every pod gets its own credentials and no others, by the script of deploy/kubernetes."""

import subprocess
from pathlib import Path

import kubernetes_validate
import pytest

from shared.service import service_names
from tests.deploy.credentials import SCRIPT, files_of, fill, printed
from tests.deploy.overlays import OVERLAYS, everything, of_kind, pod_of, services


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("credentials") / "secrets"
    fill(made)
    return made


def test_what_it_prints_is_valid(folder: Path) -> None:
    for resource in printed(folder):
        kubernetes_validate.validate(resource, "1.31", strict=True)
        assert resource["metadata"]["namespace"] == "yingda"


def test_a_service_gets_its_own_key_and_password_and_nobody_elses(folder: Path) -> None:
    held = {one["metadata"]["name"]: files_of(one) for one in printed(folder) if one["kind"] == "Secret"}
    for name in service_names():
        surveyed = {"yingda_survey_key"} if name in {"notify", "feedback"} else set()
        assert set(held[name]) == {f"{name}.nk", "yingda_database_password"} | surveyed
        assert held[name][f"{name}.nk"] == (folder / "nats" / f"{name}.nk").read_text(encoding="utf-8")
        assert held["roles"][f"{name}.password"] == held[name]["yingda_database_password"]
    assert set(held["operations"]) == {"operations.nk", "yingda_database_password"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_service_mounts_its_own_secret_only(name: str) -> None:
    for key, service in services(name).items():
        secrets = [volume["secret"]["secretName"] for volume in pod_of(service)["volumes"] if "secret" in volume]
        assert secrets == [key]


@pytest.mark.parametrize("name", OVERLAYS)
def test_it_prints_everything_that_is_mounted_and_not_generated(name: str, folder: Path) -> None:
    made = {(one["kind"], one["metadata"]["name"]) for one in printed(folder)}
    generated = set(of_kind(name, "ConfigMap"))
    wanted = {("Secret", secret) for secret in everything(name, "secretName")}
    wanted |= {("Secret", one["name"]) for one in everything(name, "secret") if "name" in one}
    wanted |= {("ConfigMap", one["name"]) for one in everything(name, "configMap")}
    assert {one for one in wanted if one[1] not in generated} <= made


def test_nothing_is_printed_where_anything_is_missing(tmp_path: Path) -> None:
    """Half a Secret, applied, would take the place of a whole one."""
    fill(tmp_path / "secrets")
    missing = tmp_path / "secrets" / "operations" / "yingda_database_password"
    missing.unlink()
    done = subprocess.run([SCRIPT, tmp_path / "secrets"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"credentials.sh: there is nothing in {missing}\n"
