"""What an adapter tells of itself: metrics, readiness, heartbeat."""

from collections.abc import Callable

from shared import metrics
from shared.health import Health
from shared.heartbeat import Pulse


class Report:
    """The adapter's or endpoint's side of probes and metrics; `name` is the label of its metrics."""

    def __init__(
        self,
        name: str,
        health: Health | None = None,
        pulse: Pulse | None = None,
        on_ready: Callable[[str | None], None] = lambda _address: None,
    ) -> None:
        self.name = name
        self._health = health
        self._pulse = pulse
        self._on_ready = on_ready
        self._missing: dict[str, None] = {}

    def of(self, name: str) -> "Report":
        """Return a report under another name in the same process, with which it shares probes and heartbeat."""
        other = Report(name, self._health, self._pulse)
        other._missing = self._missing
        return other

    def ready(self, address: str | None = None) -> None:
        """Say once that the adapter works now, and at which address it is reached, if it is (`http://127.0.0.1:8088`)."""
        self._on_ready(address)

    def expect(self, *reasons: str) -> None:
        """Export at 0 what may be counted, so that the first of it shows (R-OB-01)."""
        metrics.ADAPTER_RECEIVED.labels(self.name)
        for reason in ("bus-away", *reasons):
            metrics.ADAPTER_REFUSED.labels(self.name, reason)

    def received(self, count: int = 1) -> None:
        """Count what a sender has brought, before anything was decided about it."""
        metrics.ADAPTER_RECEIVED.labels(self.name).inc(count)

    def refused(self, reason: str) -> None:
        """Count what was not taken; `reason` is one of a few words in kebab case, never what somebody sent."""
        metrics.ADAPTER_REFUSED.labels(self.name, reason).inc()

    def missing(self, what: str) -> None:
        """Not ready from now on: `what` is away, as `the mail server`."""
        self._missing[what] = None
        self._show()

    def found(self, what: str) -> None:
        """Ready again as far as `what` is concerned."""
        self._missing.pop(what, None)
        self._show()

    def turned(self, part: str, rest_seconds: float) -> None:
        """Note that `part` got on with its work, and will again within `rest_seconds`; else others notice (ADR 0018)."""
        if self._health is not None:
            self._health.turned()
        if self._pulse is not None:
            self._pulse.advanced(part, rest_seconds)

    def _show(self) -> None:
        if self._health is not None:
            self._health.set_missing(*self._missing)
