"""The suite that runs here: its services' probes, its survey page, and by which policy each service works."""

import asyncio
import http.client
import re
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from typing import Final

from shared.doctor.finding import Check, Finding
from shared.doctor.house import House

PROBE_SECONDS: Final = 5.0
_POLICY: Final = re.compile(r'^yingda_policy_info\{[^}]*version="([^"]+)"[^}]*\} 1', re.MULTILINE)

NOT_READY = Check("service-not-ready", "a service says that it cannot work", "See its log, and what else is told here.")
GONE = Check("service-gone", "a service of the suite does not answer", "See its log; `yingda up` starts it again.")
SURVEY_SILENT = Check(
    "survey-page-silent",
    "customers cannot reach the survey page",
    "See YINGDA_SURVEY_URL, the proxy before it, and feedback's log.",
)
POLICY_NOT_IN_FORCE = Check(
    "policy-not-in-force",
    "a service works by another policy than the file holds",
    "`yingda policy reload`; a service that kept the former policy says why in its log.",
)
CHECKS = (NOT_READY, GONE, SURVEY_SILENT, POLICY_NOT_IN_FORCE)


async def look_at_suite(house: House) -> AsyncIterator[Finding]:
    """Yield what the running services themselves say; nothing where no suite runs in the data directory."""
    for name, url in house.metrics.items():
        silent = await asyncio.to_thread(_probe, name, url, house)
        if silent is not None:
            yield silent
    if house.survey_url is not None:
        silent = await asyncio.to_thread(_survey, house.survey_url)
        if silent is not None:
            yield silent


def _probe(name: str, url: str, house: House) -> Finding | None:
    try:
        with urllib.request.urlopen(url.replace("/metrics", "/readyz"), timeout=PROBE_SECONDS):  # noqa: S310 (ours)
            pass
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as answer:  # noqa: S310 (ours)
            told = answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return NOT_READY.found(f"{name} is {error.read().decode(errors='replace').strip()}")
    except (OSError, http.client.HTTPException):
        return GONE.found(f"{name} does not run, although {house.settings.data} has a suite")
    found = _POLICY.search(told)
    if found is None or house.policy is None or found[1] == house.policy.policy_version:
        return None
    return POLICY_NOT_IN_FORCE.found(
        f"{name} works by the policy {found[1]}, and the file holds {house.policy.policy_version}"
    )


def _survey(url: str) -> Finding | None:
    try:
        with urllib.request.urlopen(f"{url}/robots.txt", timeout=PROBE_SECONDS):  # noqa: S310 (http or https)
            return None
    except (OSError, http.client.HTTPException):
        return SURVEY_SILENT.found(
            f"the survey page does not answer at {url}: see YINGDA_SURVEY_URL and feedback's log"
        )
