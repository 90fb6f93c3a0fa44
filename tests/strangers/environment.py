"""A stranger's Python environment: Yingda from its wheel, and packages that nobody here wrote.

There is no package index: what Yingda depends on is taken from the environment of the tests, by a path file. Yingda
itself and every plugin come from wheels, so that what a wheel lacks is missing here.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("services", "shared", "pyproject.toml", "README.md", "LICENSE")
"""What the wheel of Yingda is built from."""
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".*_cache", ".hypothesis")
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it the other way round: so, the environment's own setuptools builds
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_QUIET": "1",
}


@dataclass(frozen=True, slots=True)
class Stranger:
    """An environment in `folder`, made by `made_in`."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where its programs are."""
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.bin / "python"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes run with: nothing of the tests' own, and no package index."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("YINGDA_", "PYTHON", "PIP_", "PYTEST_", "VIRTUAL_ENV"))
        }
        return kept | OFFLINE | {"PATH": f"{self.bin}{os.pathsep}{kept['PATH']}", "VIRTUAL_ENV": str(self.folder)}

    def run(self, *command: str | Path, cwd: Path, **environment: str) -> str:
        """Run a program in it and return what it printed; the test fails with that where the program does."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
        return done.stdout

    def install(self, *sources: Path) -> None:
        """Install packages from wheels that are built of copies of their folders."""
        wheels = self.folder / "wheels"
        copies = [self.folder / "sources" / source.name for source in sources]
        for source, copy in zip(sources, copies, strict=True):
            shutil.copytree(source, copy, ignore=LEFT_BEHIND)
        self.pip("wheel", "--wheel-dir", wheels, *copies)
        built = [next(wheels.glob(f"{_project(copy).replace('-', '_')}-*.whl")) for copy in copies]
        self.pip("install", "--ignore-installed", *built)

    def pip(self, command: str, *arguments: str | Path) -> None:
        """Run a command of pip on it."""
        self.run(sys.executable, "-m", "pip", "--python", self.python, command, *arguments, cwd=self.folder)


def made_in(folder: Path) -> Stranger:
    """Return a new environment with Yingda from its wheel."""
    stranger = Stranger(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    source = folder / "yingda"
    source.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=LEFT_BEHIND)
        else:
            shutil.copy(ROOT / part, source / part)
    (site,) = folder.glob("lib/python*/site-packages")
    others = site / "others.pth"
    stranger.run(
        *(sys.executable, "-m", "pip", "wheel", "--wheel-dir", folder / "wheels", source),
        cwd=folder,
    )
    stranger.pip("install", *(folder / "wheels").glob("yingda-*.whl"))
    others.write_text(f"{sysconfig.get_paths()['purelib']}\n", encoding="utf-8")
    return stranger


def run_in(stranger: Stranger, folder: Path, commands: Sequence[str], more: Mapping[str, str]) -> str:
    """Run shell commands there and return what they printed."""
    return stranger.run("bash", "-euo", "pipefail", "-c", "\n".join(commands), cwd=folder, **more)


def _project(folder: Path) -> str:
    name: str = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    return name
