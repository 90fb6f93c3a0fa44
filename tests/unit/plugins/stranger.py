"""A distribution of a stranger's, as an installation leaves it: metadata with entry points, and a module."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

_NUMBERS = count()
HEAD = "from shared.plugins import Config, Plugin, PluginError, SecretName\n"


def package(folder: Path, name: str, points: Mapping[str, str], module: str = "", version: str = "1.0") -> str:
    """Write the distribution `name` into `folder`, which belongs on the path; return the name of its module.

    `points` are the entry points by `group:name`, each the name of a value of the module.
    """
    called = f"{name.replace('-', '_')}_{next(_NUMBERS)}"  # what was imported once stays imported
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = [
        f"[{group}]\n{point} = {called}:{value}\n" for key, value in points.items() for group, point in [key.split(":")]
    ]
    (info / "entry_points.txt").write_text("".join(lines), encoding="utf-8")
    (folder / f"{called}.py").write_text(HEAD + module, encoding="utf-8")
    return called
