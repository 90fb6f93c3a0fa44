"""What a new plugin may be called, and what is called after it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from shared.plugins import KINDS, plugin_names

TEMPLATES: Final = Path(__file__).parent / "templates"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


class ScaffoldError(Exception):
    """The package cannot be made."""


def kinds() -> tuple[str, ...]:
    """Return the kinds of which a package can be written."""
    return tuple(kind for kind in KINDS if (TEMPLATES / kind).is_dir())


@dataclass(frozen=True, slots=True)
class Names:
    """A kind and a name that is free, with what the parts of its package are called."""

    kind: str
    name: str

    @classmethod
    def checked(cls, kind: str, name: str) -> Self:
        """Return the names of a plugin that does not exist yet; `ScaffoldError` says in one sentence why not."""
        if kind not in kinds():
            raise ScaffoldError(f'there is no kind "{kind}" of plugin; kinds are: {", ".join(kinds())}')
        if not _NAME.fullmatch(name) or name.endswith("_") or "__" in name:
            raise ScaffoldError(
                f'"{name}" is no name for a plugin: a letter first, then a-z, 0-9 and _, at most 32 in all'
            )
        if name in plugin_names(kind):
            raise ScaffoldError(f'a {kind} plugin "{name}" is installed already; choose another name')
        return cls(kind, name)

    @property
    def package(self) -> str:
        """The distribution, and the folder that it is written in: `yingda-our-fax`."""
        return f"yingda-{self.name.replace('_', '-')}"

    @property
    def module(self) -> str:
        """What is imported: `yingda_our_fax`."""
        return f"yingda_{self.name}"

    @property
    def stem(self) -> str:
        """What its classes begin with: `OurFax`."""
        return "".join(part.capitalize() for part in self.name.split("_"))
