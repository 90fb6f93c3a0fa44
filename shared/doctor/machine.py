"""This machine: the data directory, the room on its disk, and what the survey page needs."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from shared.doctor.finding import Check, Finding
from shared.doctor.house import House

DATA_NOT_WRITABLE = Check(
    "data-not-writable",
    "the data directory cannot be written to",
    "Give it to the user that runs the services, or name another one in YINGDA_DATA.",
)
DISK_FULL = Check(
    "disk-full",
    "less room than the threshold on the disk of the data directory or of PostgreSQL",
    "Make room or a larger disk; `--least-free` moves the threshold.",
)
SURVEY_KEY_MISSING = Check(
    "survey-key-missing",
    "surveys have an address and no key to seal their links with",
    "Set the same YINGDA_SURVEY_KEY for notify and feedback (`openssl rand -base64 32` makes one).",
)
CHECKS = (DATA_NOT_WRITABLE, DISK_FULL, SURVEY_KEY_MISSING)


async def look_at_machine(house: House) -> AsyncIterator[Finding]:
    """Yield what is wrong with the data directory, its disk and the settings of the survey page."""
    data = house.settings.data.absolute()
    place = _nearest(data)
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        yield DATA_NOT_WRITABLE.found(
            f"the data directory {data} cannot be written to by this user: the `file` transport and `up` need it"
        )
    full = full_disk(place, house.thresholds.least_free_percent)
    if full is not None:
        yield DISK_FULL.found(f"the disk of the data directory {data} {full}")
    if house.settings.survey_url is not None and house.settings.survey_key is None:
        yield SURVEY_KEY_MISSING.found(
            "YINGDA_SURVEY_URL is set and YINGDA_SURVEY_KEY is not: no survey page is served and no link is sent"
        )


def full_disk(place: Path, least_free_percent: float) -> str | None:
    """Return in words that the disk of `place` has too little room; None where it has enough, or cannot be asked."""
    try:
        usage = shutil.disk_usage(place)
    except OSError:
        return None
    free = 100 * usage.free / usage.total
    if free >= least_free_percent:
        return None
    return f"has {free:.1f} % of its room left, and should have {least_free_percent:g} % or more"


def _nearest(path: Path) -> Path:
    """Return `path`, or the nearest directory above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
