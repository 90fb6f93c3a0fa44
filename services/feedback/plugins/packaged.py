"""The scripts that come with the service, as text files in `scripts/<language>/`."""

from pathlib import Path
from typing import Final

_SCRIPTS: Final = Path(__file__).parents[1] / "scripts"


class PackagedScripts:
    """Reads every script once, when it is made."""

    def __init__(self, directory: Path = _SCRIPTS) -> None:
        self._texts = {
            (path.parent.name, path.stem): path.read_text(encoding="utf-8") for path in directory.glob("*/*.txt")
        }

    def text(self, language: str, script: str) -> str:
        """Return the script in `language` with its `{places}`; KeyError where there is none."""
        return self._texts[language, script]
