"""Cases of the error budget's alerts: which pairs of windows fire at which speed, and which do not."""

from typing import Final

from tests.monitoring.case import Case, Firing, fires

_BREACHED = 'yingda_clocks_breached_total{department="market",metric="resolution",instance="a"}'
_MET = 'yingda_clocks_met_total{department="market",metric="resolution",instance="a"}'
_OBJECTIVE = 'yingda_sla_objective_ratio{metric="resolution",instance="a"}'
_FACTOR: Final = {"1h": "14.4", "6h": "6", "1d": "3", "3d": "1"}


def _burn(share: str, *windows: str) -> tuple[Firing, ...]:
    """Return the alerts of those windows, each over the same share of breached clocks."""
    return tuple(
        fires(
            "market misses resolution deadlines too often",
            f"{share} of the clocks were breached over {window}: the error budget burns more than "
            f"{_FACTOR[window]} times as fast as it may.",
            department="market",
            metric="resolution",
            severity="page" if window in {"1h", "6h"} else "ticket",
            window=window,
        )
        for window in windows
    )


def _case(about: str, breached: str, met: str, minutes: int, *firing: Firing, objective: str = "0.95") -> Case:
    series = {_BREACHED: breached, _MET: met, _OBJECTIVE: f"{objective}x{minutes}"}
    return Case(about, "YingdaSlaBurn", series, minutes, firing)


BURN: Final = (
    _case("four in five are late: two days' budget", "0+4x80", "0+1x80", 70, *_burn("80%", "1h", "6h", "1d", "3d")),
    _case("two in five: five days' budget", "0+2x80", "0+3x80", 70, *_burn("40%", "6h", "1d", "3d")),
    _case("one in five: ten days' budget", "0+1x80", "0+4x80", 70, *_burn("20%", "1d", "3d")),
    _case("one in ten: half the month", "0+1x80", "0+9x80", 70, *_burn("10%", "3d")),
    _case("one in twenty-five: as the objective allows", "0+1x80", "0+24x80", 70),
    _case("all in time", "0x80", "0+5x80", 70),
    _case("nothing happens at all", "7x80", "90x80", 70),
    # An hour at 80 %, then two and a half without a breach: the short windows are clean, but that of six hours.
    _case("it is over since two hours and a half", "0+4x60 240x150", "0+1x210", 200, *_burn("54.55%", "3d")),
    _case("two late ones at night wake nobody", "0x10 1x10 2x60", "0x80", 70, *_burn("100%", "1d", "3d")),
    _case(
        "a generous objective: all that is breached still pages",
        "0+4x80",
        "0x80",
        70,
        *_burn("100%", "1h", "6h", "1d", "3d"),
        objective="0.9",
    ),
)
