"""A stranger's calendar: a shop's shifts and days off, from a file that the shop keeps up to date."""

from pathlib import Path

import pytest

from shared.policy.loader import DEFAULT_POLICY
from tests.stranger import install

CODE = """
import json
import time
from datetime import date

from shared.plugins import Config, Plugin, PluginError
from shared.policy.ports import DaySpan, Holiday, HolidayYear, Hours, Text


class RotaConfig(Config):
    file: str
    mood: str = "good"


class Rota:
    def __init__(self, setup):
        self.config = setup.config
        self.file = setup.beside / setup.config.file

    def year(self, year):
        if self.config.mood == "hung":
            time.sleep(60)
        if self.config.mood == "sorry":
            raise PluginError("the shop has no roster")
        if self.config.mood == "broken":
            return {}[f"the customer Wang has {year}"]
        if self.config.mood == "wrong type":
            return {"official": True}
        known = json.loads(self.file.read_text()).get(str(year))
        if known is None:
            return None
        off = [DaySpan.parse(days) for days in known["off"]]
        return HolidayYear(
            official=known["official"],
            holidays=tuple(Holiday(name=Text(zh="盘点", en="stocktaking"), days=days) for days in off),
            special_days={date.fromisoformat(day): (Hours.parse(hours),) for day, hours in known["shifts"].items()},
        )


plugin = Plugin(kind="calendar", name="rota", api=1, build=Rota, config=RotaConfig, summary="A shop's shifts")
"""
WITHOUT = "    holidays: cn\n"
WITH = """    plugin:
      name: rota
      years: 2026..2027
      config:
        file: rota.json
"""


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stranger's package on the path of this process."""
    monkeypatch.syspath_prepend(install(folder / "packages", "strangers_rota", CODE, calendar="rota"))


def policy_file(folder: Path, plugin: str = WITH) -> Path:
    """Write the default policy with the stranger's calendar in place of the official holidays; return the file."""
    written = DEFAULT_POLICY.read_text(encoding="utf-8")
    assert WITHOUT in written
    file = folder / "policy.yaml"
    file.write_text(written.replace(WITHOUT, plugin), encoding="utf-8")
    return file
