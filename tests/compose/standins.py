"""Local stand-ins for the public images, where the machine has the tool that makes them and no registry is in reach."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).parents[2]
TOOL: Final = REPOSITORY.parent / "shared" / "tools" / "standin-images"
ADDITIONS: Final = Path(__file__).parent / "standin.sh"
LABEL: Final = "yingda.standin"
BUILD_SECONDS: Final = 600
CLASSIC_BUILDER: Final = os.environ | {"DOCKER_BUILDKIT": "0"}
"""BuildKit needs a plugin of its own, which not every machine has."""

_KINDS: Final = {  # by the image's name: what the tool calls it, and the official image's program that it lacks
    "python": ("python", None),
    "nats": ("nats", "wget"),
    "postgres": ("postgres", "entrypoint-with-files"),
    "prom/prometheus": ("prometheus", "wget"),
    "prom/alertmanager": ("alertmanager", "wget"),
}


class ImageError(Exception):
    """An image is not there and cannot be made."""


def provide(image: str) -> None:
    """See to it that `image` is on this machine: as it was pulled, else pulled, else as a stand-in; else `ImageError`."""
    found = _inspect(image)
    if found is not None and (found["RepoDigests"] or LABEL in (found["Config"]["Labels"] or {})):
        return
    name, _, tag = image.partition(":")
    if found is None and not (TOOL.exists() and name in _KINDS):
        pulled = _docker("pull", "--quiet", image)
        if pulled.returncode:
            raise ImageError(f"{image} is not here and cannot be pulled: {pulled.stderr.strip()}")
        return
    kind, lacks = _KINDS[name]
    _run(str(TOOL), kind, tag)
    _complete(image, lacks)


def _complete(image: str, lacks: str | None) -> None:
    """Mark the stand-in, and give it what the official image has."""
    lines = [f"FROM {image}", f"LABEL {LABEL}=1"]
    with tempfile.TemporaryDirectory(prefix="yingda-standin-") as context:
        if lacks is not None:
            shutil.copy(ADDITIONS, context)
            lines.append(f"COPY {ADDITIONS.name} /usr/local/bin/{lacks}")
        if lacks == "entrypoint-with-files":
            lines += [f'ENTRYPOINT ["{lacks}"]', 'CMD ["postgres"]']
        (Path(context) / "Dockerfile").write_text("\n".join(lines), encoding="utf-8")
        _run("docker", "build", "--quiet", "--tag", image, context)


def _inspect(image: str) -> dict[str, Any] | None:
    asked = _docker("image", "inspect", image)
    return None if asked.returncode else dict(json.loads(asked.stdout)[0])


def _run(*command: str) -> None:
    done = _command(*command)
    if done.returncode:
        raise ImageError(f"{' '.join(command)}: {done.stderr.strip()}")


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _command("docker", *arguments)


def _command(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=CLASSIC_BUILDER, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
    )
