"""What a process makes of the heartbeats that it hears, its own among them: who stands still, and for how long.

Silence counts only while the listener itself can hear: one that does not hear its own heartbeats is deaf (it was
stopped, or NATS is away) and accuses nobody. Who leaves in order is forgotten. Who falls silent is not, until the service
advances without them: another process has begun in their place, or those that are left have been well for a while.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from shared.heartbeat.message import EVERY_SECONDS, Heartbeat

STALLED_SECONDS: Final = 30.0
"""Work that has waited for so long stands still. With heartbeats, scrapes and rules every 15 s, an alert comes within 60 s."""
QUIET_SECONDS: Final = 3 * EVERY_SECONDS
"""Silence that cannot be chance."""
FORGET_SECONDS: Final = 300.0
"""A silent process whose service has been well without it for so long is forgotten."""
MOST_PROCESSES: Final = 64
"""Of one service; of more, the longest silent are forgotten."""
PROCESS: Final = "process"
"""The part that stands for a process as a whole: it is overdue when the process is silent."""


@dataclass(slots=True)
class Seen:
    """One process as last heard."""

    beat: Heartbeat
    heard_at: float
    began_at: float
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One part of a service: the process where it is worst, and the seconds for which it stands there."""

    service: str
    part: str
    instance: str
    seconds: float

    @property
    def stalled(self) -> bool:
        """Whether somebody should look."""
        return self.seconds >= STALLED_SECONDS


class RollCall:
    """The processes heard; every moment is of one monotonic clock, in seconds."""

    def __init__(self, own: str, now: float, expected: Collection[str] = ()) -> None:
        """Begin to listen; of each service that is `expected` and was never heard, the silence counts from now."""
        self._own = own
        self._heard_self_at = now
        self._seen: dict[str, Seen] = {}
        self._expected = dict.fromkeys(expected, now)

    def hear(self, beat: Heartbeat, now: float) -> None:
        """Take one heartbeat."""
        if beat.instance == self._own:
            self._hear_self(now)
        self._expected.pop(beat.service, None)
        if beat.leaving:
            self._seen.pop(beat.instance, None)
            return
        known = self._seen.get(beat.instance)
        if known is not None:
            known.beat, known.heard_at = beat, now
            return
        self._seen[beat.instance] = Seen(beat, now, now - beat.up_seconds)
        self._limit(beat.service)

    def standings(self, now: float) -> list[Standing]:
        """Return how every part of every service stands, by service and part: 0 to a few seconds where all is well."""
        moment = min(now, self._heard_self_at + QUIET_SECONDS)
        worst: dict[tuple[str, str], Standing] = {
            (service, PROCESS): Standing(service, PROCESS, "", max(0.0, moment - since))
            for service, since in list(self._expected.items())
        }
        for seen in list(self._seen.values()):
            silence = max(0.0, moment - seen.heard_at)
            for part, overdue in {PROCESS: 0.0, **seen.beat.parts}.items():
                place = (seen.beat.service, part)
                found = Standing(*place, seen.beat.instance, overdue + silence)
                if place not in worst or worst[place].seconds < found.seconds:
                    worst[place] = found
        return [worst[place] for place in sorted(worst)]

    def forget(self, now: float) -> list[Heartbeat]:
        """Forget the silent processes that their service does without; return the last heartbeat of each."""
        gone: list[Heartbeat] = []
        silent = sorted(
            (seen for seen in self._seen.values() if self._silence(seen, now) > QUIET_SECONDS),
            key=lambda seen: seen.heard_at,
        )
        for seen in silent:
            if self._replaced(seen) or self._done_without(seen, now):
                del self._seen[seen.beat.instance]
                gone.append(seen.beat)
        return gone

    def _hear_self(self, now: float) -> None:
        """Do not count as silence of the others the time for which this process could not hear."""
        deaf = now - self._heard_self_at
        if deaf > QUIET_SECONDS:
            for seen in self._seen.values():
                seen.heard_at = min(now, seen.heard_at + deaf)
            self._expected = {service: min(now, since + deaf) for service, since in self._expected.items()}
        self._heard_self_at = now

    def _silence(self, seen: Seen, now: float) -> float:
        return min(now, self._heard_self_at + QUIET_SECONDS) - seen.heard_at

    def _replaced(self, seen: Seen) -> bool:
        """Return whether a process has begun in the place of this one; each takes one place only."""
        for other in self._seen.values():
            begun_since = other.began_at > seen.heard_at - EVERY_SECONDS and other.heard_at > seen.heard_at
            if other.beat.service == seen.beat.service and other.replaces is None and begun_since and other is not seen:
                other.replaces = seen.beat.instance
                return True
        return False

    def _done_without(self, seen: Seen, now: float) -> bool:
        """Return whether the other processes of the service have been well for as long as this one has been silent."""
        others = [one for one in self._seen.values() if one.beat.service == seen.beat.service and one is not seen]
        well = [
            self._silence(one, now) <= QUIET_SECONDS and max(one.beat.parts.values(), default=0.0) < STALLED_SECONDS
            for one in others
        ]
        return bool(well) and all(well) and self._silence(seen, now) > FORGET_SECONDS

    def _limit(self, service: str) -> None:
        of_service = [key for key, seen in self._seen.items() if seen.beat.service == service]
        for key in sorted(of_service, key=lambda key: self._seen[key].heard_at)[:-MOST_PROCESSES]:
            del self._seen[key]
