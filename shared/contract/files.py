"""The generated files: what they must hold, writing them, and finding the ones that drifted."""

import json
from pathlib import Path
from typing import Any

import yaml

from shared.contract.asyncapi import asyncapi
from shared.contract.schemas import schemas

DIRECTORY = Path(__file__).parents[2] / "docs" / "contract"


class _Plain(yaml.SafeDumper):
    """Writes everything out; anchors would make the file depend on which objects happen to be shared."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return that no value is written as a reference to another."""
        return True


def generated() -> dict[Path, str]:
    """Return what every generated file holds, by its path below the contract's directory; the same on every run."""
    document = yaml.dump(asyncapi(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    files = {Path("asyncapi.yaml"): document}
    for name, schema in schemas().items():
        files[Path("schemas") / f"{name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return files


def write(directory: Path = DIRECTORY) -> list[Path]:
    """Make `directory` agree with the code; return the files that were changed or removed."""
    changed = drifted(directory)
    files = generated()
    for path in changed:
        target = directory / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def drifted(directory: Path = DIRECTORY) -> list[Path]:
    """Return the files below `directory` that are missing, differ from the code, or belong to no message any more."""
    files = generated()
    held = {path.relative_to(directory): path for path in (directory / "schemas").glob("*.schema.json")}
    wrong = {path for path, content in files.items() if _content(directory / path) != content}
    return sorted(wrong | (held.keys() - files.keys()))


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
