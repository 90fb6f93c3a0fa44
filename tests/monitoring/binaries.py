"""Prometheus and Alertmanager with their tools: those on the path, else Debian's packages, unpacked into the checkout."""

import fcntl
import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TOOLS: Final = Path(__file__).parents[2] / ".yingda" / "tools"
PACKAGES: Final = ("prometheus", "prometheus-alertmanager")
"""Their programs are Go's: they need nothing of the packages that these depend on."""
SECONDS: Final = 120
_TEMPLATES: Final = b"/usr/share/prometheus/alertmanager"
_TEMPLATES_HERE: Final = b".////share/prometheus/alertmanager"  # as long as the other


class MissingError(Exception):
    """Prometheus and Alertmanager are neither on the path nor to be had."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the four programs are."""

    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path

    @property
    def home(self) -> Path:
        """The directory in which Alertmanager is to be started."""
        return self.alertmanager.parents[1]


@functools.cache
def binaries() -> Binaries:
    """Return the programs, after unpacking them where need be; `MissingError` says in one line why there are none."""
    found = _found(os.environ.get("PATH", "")) or _found(str(_unpacked()))
    if found is not None:
        return found
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs in one checkout unpack once
        if (found := _found(str(_unpacked()))) is None:
            _unpack()
            found = _found(str(_unpacked()))
    if found is None:
        raise MissingError(f"the packages {' and '.join(PACKAGES)} lack a program")
    return found


@functools.cache
def why_missing() -> str | None:
    """Return in one line why the programs cannot be had, None where they can."""
    try:
        binaries()
    except MissingError as error:
        return str(error)
    return None


def _unpacked() -> Path:
    return TOOLS / "usr" / "bin"


def _found(path: str) -> Binaries | None:
    places = [
        shutil.which("prometheus", path=path),
        shutil.which("promtool", path=path),
        shutil.which("alertmanager", path=path) or shutil.which("prometheus-alertmanager", path=path),
        shutil.which("amtool", path=path),
    ]
    known = [Path(place) for place in places if place is not None]
    return Binaries(*known) if len(known) == len(places) else None


def _unpack() -> None:
    """Let Debian's package manager bring the packages, and unpack their programs without installing anything."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise MissingError("Prometheus and Alertmanager are not on the path, and this is no Debian to get them from")
    if (why := _run("apt-get", "download", *PACKAGES)) is not None:
        # A fresh machine knows no packages yet; only root may change that.
        _run("apt-get", "update", "-q")
        why = _run("apt-get", "download", *PACKAGES)
    if why is not None:
        raise MissingError(f"Prometheus and Alertmanager are not on the path, and apt-get does not bring them: {why}")
    new = TOOLS / "new"
    for package in TOOLS.glob("*.deb"):
        if (why := _run("dpkg", "--extract", str(package), str(new))) is not None:
            raise MissingError(f"{package.name} cannot be unpacked: {why}")
        package.unlink()
    _relocate(new / "usr" / "bin" / "prometheus-alertmanager")
    (new / "usr").rename(TOOLS / "usr")
    shutil.rmtree(new)


def _relocate(alertmanager: Path) -> None:
    """Let Debian's Alertmanager find its templates where it was unpacked, seen from `home`: their place is built in."""
    program = alertmanager.read_bytes()
    alertmanager.write_bytes(program.replace(_TEMPLATES, _TEMPLATES_HERE))


def _run(*command: str) -> str | None:
    """Run it in the folder of the tools; return the last line of what it said where it failed."""
    try:
        done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"{command[0]} took longer than {SECONDS} s"
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
