"""The policy that the ConfigMap brings is a valid one, where the services look for it, and as delivered the default."""

from pathlib import Path

import pytest

from tests.command_line import yingda
from tests.deploy.overlays import OVERLAYS, ROOT, config_map, containers_of, environment, services


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_policy_is_valid_and_as_delivered_the_default(name: str, tmp_path: Path) -> None:
    files = config_map(name, "policy")
    for file, text in files.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    checked = yingda("policy", "check", str(tmp_path / "policy.yaml"))
    assert checked.code == 0, checked.err
    default = (ROOT / "shared" / "policy" / "default.yaml").read_text(encoding="utf-8")
    assert files == {"policy.yaml": default}, "cp shared/policy/default.yaml deploy/kubernetes/policy/policy.yaml"


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_services_read_the_policy_that_is_mounted(name: str) -> None:
    for service in services(name).values():
        (container,) = containers_of(service)
        path = Path(environment(name, container)["YINGDA_POLICY"])
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == "policy"]
        assert path.parent == Path(mount["mountPath"])
        assert path.name in config_map(name, "policy")
