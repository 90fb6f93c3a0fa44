"""Every variable that a container is given is a setting that exists, and all of them together are valid."""

import os

import pytest

from shared.db import database_url
from shared.permissions.users import installed_users
from shared.settings import SECRETS_VARIABLE, Settings, load_settings
from tests.deploy.overlays import (
    FOLDER,
    OVERLAYS,
    ROOT,
    component,
    config_map,
    containers_of,
    environment,
    of_kind,
    services,
    workloads,
)

SETTINGS = {f"YINGDA_{name.upper()}" for name in Settings.model_fields} | {SECRETS_VARIABLE}
PUT_TOGETHER = {"DATABASE_ADDRESS", "DATABASE_ADMINISTRATOR"}
"""What other variables refer to."""
OURS = {"service", "provision", "operations"}


def ours(name: str) -> dict[str, dict[str, str]]:
    """Return the environment of every container that runs our image."""
    return {
        key: environment(name, containers_of(one)[0]) for key, one in workloads(name).items() if component(one) in OURS
    }


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_variable_is_a_setting(name: str) -> None:
    for key, variables in ours(name).items():
        assert set(variables) <= SETTINGS | PUT_TOGETHER, key
        assert not [value for value in variables.values() if "$(" in value], "a reference to nothing"


@pytest.mark.parametrize("name", OVERLAYS)
def test_all_of_them_together_are_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [one for one in os.environ if one.startswith("YINGDA_")]:
        monkeypatch.delenv(variable)
    users = {user.name for user in installed_users()}
    for variables in ours(name).values():
        settings = load_settings({k: v for k, v in variables.items() if k in SETTINGS - {SECRETS_VARIABLE}})
        assert settings.nats_nkey_file is not None
        assert settings.nats_nkey_file.stem in users
        address = of_kind(name, "StatefulSet").get("postgres", {}).get("metadata", {}).get("name")
        assert database_url(settings).host == (address or "postgres.example.com")
        assert database_url(settings).database == "yingda"


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_service_is_its_own_user_of_both_servers(name: str) -> None:
    for key in services(name):
        variables = ours(name)[key]
        assert variables["YINGDA_NATS_NKEY_FILE"].endswith(f"/{key}.nk")
        assert variables["YINGDA_DATABASE_URL"].startswith(f"postgresql://yingda_{key}@")


def test_the_administrator_in_the_cluster_is_the_one_that_the_first_start_makes() -> None:
    script = (FOLDER / "overlays" / "one-machine" / "administrator.sh").read_text(encoding="utf-8")
    assert script == (ROOT / "deploy" / "compose" / "administrator.sh").read_text(encoding="utf-8")
    name = config_map("one-machine", "settings")["DATABASE_ADMINISTRATOR"]
    assert f"CREATE ROLE {name} LOGIN CREATEROLE" in script
