"""The policy that the ConfigMap brings is a valid one, where the services look for it."""

from pathlib import Path

import pytest

from tests.command_line import yingda
from tests.deploy.overlays import OVERLAYS, config_map, containers_of, environment, services


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_policy_is_valid(name: str, tmp_path: Path) -> None:
    files = config_map(name, "policy")
    for file, text in files.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    checked = yingda("policy", "check", str(tmp_path / "policy.yaml"))
    assert checked.code == 0, checked.err


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_services_read_the_policy_that_is_mounted(name: str) -> None:
    for service in services(name).values():
        (container,) = containers_of(service)
        path = Path(environment(name, container)["YINGDA_POLICY"])
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == "policy"]
        assert path.parent == Path(mount["mountPath"])
        assert path.name in config_map(name, "policy")
