"""The tests look at what is applied, not at files: their reader of kustomizations agrees with kustomize itself."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kustomize import Resource, UnknownFeatureError, build
from tests.deploy.overlays import FOLDER, OVERLAYS, ROOT, overlay
from tests.deploy.patching import MERGE_KEYS

KUBECTL = shutil.which("kubectl")


def _ordered(value: Any, name: str = "") -> Any:
    """Return `value` with lists that have a key sorted by it: where a patch puts new elements means nothing."""
    if isinstance(value, dict):
        return {key: _ordered(one, key) for key, one in value.items()}
    if isinstance(value, list):
        key = MERGE_KEYS.get(name, "")
        elements = [_ordered(one) for one in value]
        keyed = all(isinstance(one, dict) and key in one for one in elements)
        return sorted(elements, key=lambda one: str(one[key])) if keyed else elements
    return value


def _by_name(resources: Iterable[Resource]) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["metadata"]["name"]): _ordered(one) for one in resources}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An overlay with a policy of its own, made as deploy/kubernetes/README.md says."""
    for name in ("deploy/kubernetes", "deploy/nats", "shared/policy"):
        shutil.copytree(ROOT / name, tmp_path / name)
    folder = tmp_path / "deploy" / "kubernetes" / "overlays" / "one-machine"
    (folder / "policy.yaml").write_text("version: ours\n")
    kustomization = (folder / "kustomization.yaml").read_text(encoding="utf-8")
    mine = "configMapGenerator:\n  - {name: policy, behavior: replace, files: [policy.yaml]}\n"
    (folder / "kustomization.yaml").write_text(kustomization.replace("configMapGenerator:\n", mine))
    return folder


def test_an_overlay_may_have_a_policy_of_its_own(house: Path) -> None:
    (policy,) = [one for one in build(house) if one["metadata"]["name"].startswith("policy-")]
    assert policy["data"] == {"policy.yaml": "version: ours\n"}


if KUBECTL is not None:

    def _theirs(folder: Path) -> dict[tuple[str, str], Any]:
        return _by_name(yaml.safe_load_all(subprocess.check_output([str(KUBECTL), "kustomize", folder], text=True)))

    @pytest.mark.parametrize("name", OVERLAYS)
    def test_kubectl_builds_the_same(name: str) -> None:
        assert _by_name(overlay(name)) == _theirs(FOLDER / "overlays" / name)

    def test_kubectl_builds_the_same_of_an_overlay_with_its_own_policy(house: Path) -> None:
        assert _by_name(build(house)) == _theirs(house)


def test_a_feature_that_the_reader_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("replacements: []\n")
    with pytest.raises(UnknownFeatureError, match="replacements"):
        build(tmp_path)


def test_a_patch_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    patch = "patches: [{target: {kind: Deployment}, patch: '[]'}]\n"
    (tmp_path / "kustomization.yaml").write_text(patch)
    with pytest.raises(UnknownFeatureError, match="fits nothing"):
        build(tmp_path)


def test_the_name_of_a_configuration_changes_with_its_content(tmp_path: Path) -> None:
    """So a changed policy or configuration begins a rolling update."""
    (tmp_path / "kustomization.yaml").write_text("configMapGenerator: [{name: policy, files: [policy.yaml]}]\n")
    names = set()
    for text in ("version: 1\n", "version: 2\n"):
        (tmp_path / "policy.yaml").write_text(text)
        names.add(build(tmp_path)[0]["metadata"]["name"])
    assert len(names) == 2
