"""The README names every setting, and no setting that does not exist."""

import re
from pathlib import Path

from shared.settings import SECRETS_VARIABLE, Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    documented = set()
    for row in re.findall(r"^\| (`YINGDA_[^|]*)\|", README, flags=re.MULTILINE):
        names = re.findall(r"`(\w+)`", row)
        stem = names[0].rsplit("_", 1)[0]
        documented |= {name if name.startswith("YINGDA_") else stem + name for name in names}
    internal = {"YINGDA_READY_FD"}
    settings = {f"YINGDA_{name.upper()}" for name in Settings.model_fields} | {SECRETS_VARIABLE}
    assert documented == settings - internal
