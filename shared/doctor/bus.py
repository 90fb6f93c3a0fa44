"""NATS: whether it lets us in, whether it keeps what it acknowledges, and how much room it has."""

import contextlib
import json
import re
import urllib.request
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import nats.errors

from shared.bus.connect import connect
from shared.doctor.finding import Check, Finding
from shared.doctor.house import House
from shared.settings import Settings

OLDEST: Final = (2, 12)
"""Atomic batches came with it."""
PROBE_SECONDS: Final = 5.0
INFO: Final = "$JS.API.INFO"

AWAY = Check(
    "nats-away",
    "nothing answers at the address in YINGDA_NATS_URL",
    "Start NATS, or mend host and port of the address.",
)
REFUSES = Check(
    "nats-credentials",
    "NATS refuses the user, the password or the key",
    "Mend YINGDA_NATS_USER and what goes with it; the server's configuration says who may come in.",
)
NO_JETSTREAM = Check(
    "nats-no-jetstream",
    "NATS runs without JetStream",
    "Start it with `jetstream` in its configuration (`deploy/nats/nats-server.conf`).",
)
OLD = Check("nats-old", "NATS is older than the services need", "Upgrade to {}.{} or later.".format(*OLDEST))
LOSES = Check(
    "nats-sync-interval",
    "a single NATS server flushes to its disk only now and then",
    "Set `sync_interval: always` in its `jetstream` block, or keep three replicas of each stream.",
)
FULL = Check(
    "jetstream-full",
    "the storage of JetStream has less room left than the threshold",
    "Raise `max_file_store`, take a larger disk, or keep messages for fewer days (YINGDA_KEEP_DAYS).",
)
CHECKS = (AWAY, REFUSES, NO_JETSTREAM, OLD, LOSES, FULL)


@contextlib.asynccontextmanager
async def bus(house: House, found: list[Finding]) -> AsyncIterator[None]:
    """Let the house have its client while NATS answers; else add to `found` why it does not."""
    try:
        client = await connect(house.settings, "doctor")
    except (nats.errors.Error, OSError, TimeoutError) as error:
        found.append(_refusal(error, house.settings))
        yield
        return
    house.client = client
    try:
        yield
    finally:
        house.client = None
        await client.close()


async def look_at_bus(house: House) -> AsyncIterator[Finding]:
    """Yield what is wrong with the server; the house has no client afterwards where it has no JetStream."""
    client = house.client
    if client is None:
        return
    server = client.connected_server_version
    if (server.major, server.minor) < OLDEST:
        yield OLD.found(
            f"NATS is version {server.major}.{server.minor}, and the services need {OLDEST[0]}.{OLDEST[1]} or later"
        )
    try:
        account = json.loads((await client.request(INFO, b"", timeout=PROBE_SECONDS)).data)
    except (nats.errors.Error, TimeoutError):
        account = {"error": {}}
    if "error" in account:
        yield NO_JETSTREAM.found("NATS runs without JetStream: start it with `jetstream` in its configuration")
        house.client = None
        await client.close()
        return
    monitored = _monitored(house.monitoring_url)
    for finding in (await _loses(house, monitored), _full(account, monitored, house.thresholds.least_free_percent)):
        if finding is not None:
            yield finding


def _refusal(error: Exception, settings: Settings) -> Finding:
    where = bare(settings.nats_url)
    if isinstance(error, nats.errors.AuthorizationError) or "authorization" in str(error).lower():
        return REFUSES.found(f"NATS at {where} refuses the user, password or key that it was given")
    return AWAY.found(f"NATS does not answer at {where}: {str(error).strip() or type(error).__name__}")


def bare(urls: str) -> str:
    """Return the addresses without users and passwords."""
    return re.sub(r"(^|,|//)[^/,@]*@", r"\1", urls)


async def _loses(house: House, monitored: Mapping[str, Any]) -> Finding | None:
    config = monitored.get("config") or {}
    if not config or config.get("sync_always") or house.client is None:
        return None
    for stream in await house.client.jetstream().streams_info():
        if (stream.config.num_replicas or 1) > 1:
            return None
    every = config.get("sync_interval", 0) / 1e9
    return LOSES.found(
        f"NATS flushes to its disk every {every:g} s: a power failure loses contacts that it has acknowledged"
    )


def _full(account: Mapping[str, Any], monitored: Mapping[str, Any], least_free_percent: float) -> Finding | None:
    """Return that the account or the server has too little room; the narrower of the two counts."""
    limits = account.get("limits") or {}
    rooms = [
        (account.get("storage", 0), limits.get("max_storage", -1)),
        (monitored.get("storage", 0), (monitored.get("config") or {}).get("max_storage", -1)),
    ]
    shares = [100 * (1 - used / most) for used, most in rooms if most and most > 0]
    if not shares or min(shares) >= least_free_percent:
        return None
    return FULL.found(
        f"the storage of JetStream has {min(shares):.1f} % of its room left, and should have {least_free_percent:g} % or more"
    )


def _monitored(url: str | None) -> Mapping[str, Any]:
    """Return what the server tells of its JetStream at its monitoring port; nothing where that is unknown or silent."""
    if url is None:
        return {}
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/jsz", timeout=PROBE_SECONDS) as answer:  # noqa: S310 (ours)
            told: Mapping[str, Any] = json.loads(answer.read())
    except (OSError, ValueError):
        return {}
    return told
