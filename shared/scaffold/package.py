"""The files of a new plugin's package."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from shared.scaffold.names import TEMPLATES, Names, ScaffoldError

_SUMMARIES: Final = {
    "channel": "Contacts by {words}",
    "classifier": "Decides category and topic by {words}",
    "assigner": "Gives work orders out by {words}",
    "calendar": "Days off and make-up days of {words}",
    "transport": "Messages by {words}",
    "knowledge_builder": "Knowledge made by {words}",
    "escalation_action": "Escalations told to {words}",
    "endpoint": "Contacts by HTTP from {words}",
    "adapter": "Brings contacts from {words}",
}


def files_of(names: Names) -> Mapping[str, str]:
    """Return the text of each file of the package by its path: it can be installed, tested and used as it is."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (slow, and only needed here)

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (it writes Python, and the names in it are checked)
    )
    known = {
        "kind": names.kind,
        "name": names.name,
        "words": names.kind.replace("_", " "),
        "article": "an" if names.kind[0] in "aeiou" else "a",
        "package": names.package,
        "module": names.module,
        "cls": names.stem,
        "summary": _SUMMARIES[names.kind].format(words=names.name.replace("_", " ")),
        "version": version("yingda"),
    }

    def filled(template: str) -> str:
        return environment.get_template(template).render(known)

    known["policy"] = filled(f"{names.kind}/policy.yaml.j2").strip()
    return {
        "pyproject.toml": filled("pyproject.toml.j2"),
        "README.md": filled("README.md.j2"),
        f"{names.module}/__init__.py": filled(f"{names.kind}/plugin.py.j2"),
        f"{names.module}/py.typed": "",
        f"tests/test_{names.name}.py": filled(f"{names.kind}/test.py.j2"),
    }


def write(names: Names, into: Path) -> Path:
    """Write the package into a new folder below `into` and return that; `ScaffoldError` where there is something already."""
    if not into.is_dir():
        raise ScaffoldError(f"there is no directory {into}")
    folder = into / names.package
    try:
        folder.mkdir()
        for path, text in files_of(names).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise ScaffoldError(f"{folder} is there already, and nothing in it was changed") from None
    except OSError as error:
        raise ScaffoldError(f"{folder} cannot be written: {error.strerror}") from error
    return folder
