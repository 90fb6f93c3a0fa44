"""The plugins that ship with Yingda, as its own distribution registers them."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from shared.plugins import KINDS, Plugin

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {"transport": "transports", "adapter": "channels", "endpoint": "channels"}
"""Kinds whose plugins have a page of their own, and its folder in `docs`."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One plugin: what the entry point says, and where its code is."""

    kind: str
    name: str
    module: str
    attribute: str

    @property
    def key(self) -> str:
        """`channel/web`: how it is called in `exempt.yaml`."""
        return f"{self.kind}/{self.name}"

    @property
    def plugin(self) -> Plugin:
        """The manifest."""
        found = getattr(import_module(self.module), self.attribute)
        if not isinstance(found, Plugin):
            raise TypeError(f"{self.key} is no Plugin")
        return found

    @property
    def service(self) -> str:
        """The package that it belongs to: `services.intake`, `shared.policy`."""
        return ".".join(self.module.split(".")[:2])

    @property
    def page(self) -> Path | None:
        """Its page in the documentation, where plugins of its kind have one."""
        folder = PAGES.get(self.kind)
        return ROOT / "docs" / folder / f"{self.name}.md" if folder else None


def built_in() -> Iterator[BuiltIn]:
    """Yield every plugin that this repository registers, kind by kind."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for kind in KINDS.values():
        for name, value in sorted(project["entry-points"].get(kind.group, {}).items()):
            module, _, attribute = value.partition(":")
            yield BuiltIn(kind.name, name, module, attribute)
