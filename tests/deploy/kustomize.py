"""Builds what `kubectl apply -k` would send, from exactly the features of kustomize that deploy/kubernetes uses.

Whatever it does not know it refuses. Where kubectl is at hand a test holds the two against one another.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.patching import apply_json_patch, merge

Resource = dict[str, Any]

KNOWN = {
    *("apiVersion", "kind", "namespace", "nameSuffix", "labels", "resources", "configMapGenerator", "patches", "images")
}
CLUSTER_WIDE = {"Namespace"}
_HASH_LETTERS = str.maketrans({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"})
_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


class UnknownFeatureError(Exception):
    """The kustomization uses something that this reader does not know."""


def build(folder: Path) -> list[Resource]:
    """Return the resources of the kustomization in `folder`, ready to be applied."""
    resources = _accumulate(folder)
    _name_by_content(resources)
    return [{k: v for k, v in resource.items() if not k.startswith("_")} for resource in resources]


def _accumulate(folder: Path) -> list[Resource]:
    text = (folder / "kustomization.yaml").read_text(encoding="utf-8")
    wanted = yaml.safe_load(text)
    _only(wanted, KNOWN, folder)
    resources = [one for name in wanted.get("resources", ()) for one in _resources(folder / name)]
    for generator in wanted.get("configMapGenerator", ()):
        _generate(resources, _config_map(folder, generator), generator.get("behavior", "create"))
    for patch in wanted.get("patches", ()):
        _patch(resources, patch, folder)
    for resource in resources:
        metadata = resource["metadata"]
        if "namespace" in wanted and resource["kind"] not in CLUSTER_WIDE:
            metadata["namespace"] = wanted["namespace"]
        if suffix := wanted.get("nameSuffix"):
            if resource["kind"] != "Job":
                raise UnknownFeatureError("nameSuffix is known for what nobody refers to by name: a Job")
            metadata["name"] += suffix
        for labels in wanted.get("labels", ()):
            _label(resource, labels)
        for image in wanted.get("images", ()):
            _only(image, {"name", "newName", "newTag"}, folder)
            for container in containers(resource):
                container["image"] = _image(container["image"], image)
    return resources


def _resources(path: Path) -> list[Resource]:
    if path.is_dir():
        return _accumulate(path.resolve())
    with path.open(encoding="utf-8") as file:
        return [json.loads(json.dumps(one)) for one in yaml.safe_load_all(file)]  # aliases of YAML share their values


def _config_map(folder: Path, generator: Mapping[str, Any]) -> Resource:
    _only(generator, {"name", "behavior", "files", "envs"}, folder)
    data = {}
    for file in generator.get("files", ()):
        key, _, path = file.rpartition("=")
        data[key or Path(path).name] = (folder / path).read_text(encoding="utf-8")
    for name in generator.get("envs", ()):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                key, _, value = line.partition("=")
                data[key] = value
    metadata = {"name": generator["name"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data, "_generated": True}


def _generate(resources: list[Resource], made: Resource, behavior: str) -> None:
    """Add what a generator has made, or put its data in the place of what is there."""
    held = [one for one in resources if one.get("_generated") and one["metadata"]["name"] == made["metadata"]["name"]]
    if (behavior, len(held)) == ("create", 0):
        resources.append(made)
    elif (behavior, len(held)) == ("replace", 1):
        held[0]["data"] = made["data"]
    else:
        raise UnknownFeatureError(f"{behavior} of {made['metadata']['name']}, which is there {len(held)} times")


def _patch(resources: list[Resource], patch: Mapping[str, Any], folder: Path) -> None:
    _only(patch, {"path", "patch", "target"}, folder)
    text = (folder / patch["path"]).read_text(encoding="utf-8") if "path" in patch else patch["patch"]
    content = yaml.safe_load(text)
    target = patch.get("target") or {"kind": content["kind"], "name": content["metadata"]["name"]}
    _only(target, {"kind", "name", "labelSelector"}, folder)
    found = [one for one in resources if _selects(target, one)]
    if not found:
        raise UnknownFeatureError(f"a patch of {folder} fits nothing: {target}")
    for resource in found:
        if isinstance(content, list):
            apply_json_patch(resource, content)
        else:
            rest = {k: v for k, v in content.items() if k not in {"apiVersion", "kind", "metadata"}}
            merge(resource, rest)


def _selects(target: Mapping[str, str], resource: Resource) -> bool:
    metadata = resource["metadata"]
    named = re.fullmatch(target["name"], metadata["name"]) if "name" in target else True
    label, _, value = target.get("labelSelector", "").partition("=")
    labelled = not label or metadata.get("labels", {}).get(label) == value
    return bool(re.fullmatch(target["kind"], resource["kind"]) and named and labelled)


def _label(resource: Resource, labels: Mapping[str, Any]) -> None:
    if set(labels) != {"pairs", "includeTemplates"}:
        raise UnknownFeatureError("labels are known with pairs and includeTemplates, and never in selectors")
    places = [resource]
    if resource["kind"] in {"Deployment", "StatefulSet", "Job"}:
        places.append(resource["spec"]["template"])
    places += resource.get("spec", {}).get("volumeClaimTemplates", ())
    for place in places:
        place.setdefault("metadata", {}).setdefault("labels", {}).update(labels["pairs"])


def _image(image: str, wanted: Mapping[str, str]) -> str:
    name, _, tag = image.partition(":")
    if name != wanted["name"]:
        return image
    tag = wanted.get("newTag", tag)
    return wanted.get("newName", name) + (f":{tag}" if tag else "")


def pods(resource: Resource) -> Iterable[dict[str, Any]]:
    """Return the pod specification inside, if there is one."""
    if resource["kind"] in {"Deployment", "StatefulSet", "Job"}:
        yield resource["spec"]["template"]["spec"]


def containers(resource: Resource) -> list[dict[str, Any]]:
    """Return every container of the resource."""
    return [one for pod in pods(resource) for key in ("initContainers", "containers") for one in pod.get(key, ())]


def _name_by_content(resources: list[Resource]) -> None:
    """Give each generated ConfigMap a name that changes with its content, and let those who use it follow."""
    names: dict[str, str] = {}
    for resource in resources:
        if resource.get("_generated"):
            name = resource["metadata"]["name"]
            names[name] = resource["metadata"]["name"] = f"{name}-{_digest(resource['data'])}"
    for resource in resources:
        for pod in pods(resource):
            for reference in _references(pod):
                reference["name"] = names.get(reference["name"], reference["name"])


def _references(pod: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for volume in pod.get("volumes", ()):
        for source in (volume, *volume.get("projected", {}).get("sources", ())):
            if "configMap" in source:
                yield source["configMap"]
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        yield from (one["configMapRef"] for one in container.get("envFrom", ()) if "configMapRef" in one)


def _digest(data: Mapping[str, str]) -> str:
    content = {"data": data, "kind": "ConfigMap", "name": ""}  # kustomize means the name and does not find it
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for letter, escape in _GO_ESCAPES.items():
        text = text.replace(letter, escape)
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_HASH_LETTERS)


def _only(given: Mapping[str, Any], known: set[str], folder: Path) -> None:
    if unknown := set(given) - known:
        raise UnknownFeatureError(f"{folder}: {', '.join(sorted(unknown))}")
