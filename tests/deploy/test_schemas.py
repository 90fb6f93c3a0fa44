"""Every resource of every overlay is valid for the oldest and the newest Kubernetes that we name, unknown fields included."""

import kubernetes_validate
import pytest

from tests.deploy.keda import ScaledObject
from tests.deploy.overlays import FOLDER, OVERLAYS, overlay

VERSIONS = ("1.31", "1.34", "1.37")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OVERLAYS)
def test_every_resource_is_valid_in_every_version(name: str, version: str) -> None:
    checked = 0
    for resource in overlay(name):
        if resource["apiVersion"].startswith("keda.sh/"):
            ScaledObject.model_validate(resource)
        else:
            kubernetes_validate.validate(resource, version, strict=True)
        checked += 1
    assert checked > 20


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_the_readme_names_the_versions_that_are_checked() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"Kubernetes {VERSIONS[0]} to {VERSIONS[-1]}" in readme


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_two_resources_have_one_name(name: str) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in overlay(name)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", OVERLAYS)
def test_nothing_secret_is_among_them(name: str) -> None:
    assert not [one for one in overlay(name) if one["kind"] == "Secret"]
