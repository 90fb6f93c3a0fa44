"""What waits for the collector: so much and no more, sent by a thread of its own, so that the service never waits for it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from shared import metrics
from shared.tracing.steps import Step


@dataclass(frozen=True, slots=True)
class Limits:
    """How much waits, how much goes together, and how long a first one waits for others."""

    queue: int = 8_192
    together: int = 512
    delay_seconds: float = 1.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Return the limits that OpenTelemetry's variables set; what is no positive number is as if it were not set."""
        queue = _number(environ.get("OTEL_BSP_MAX_QUEUE_SIZE"), cls().queue)
        together = _number(environ.get("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), cls().together)
        delay = _number(environ.get("OTEL_BSP_SCHEDULE_DELAY"), round(cls().delay_seconds * 1000))
        return cls(queue, min(together, queue), delay / 1000)


class StepQueue:
    """Hands steps to `send`, which returns whether they arrived; what finds no room is counted and forgotten."""

    def __init__(
        self,
        service: str,
        send: Callable[[Sequence[Step]], bool],
        limits: Limits,
        tell: Callable[[bool], None],
    ) -> None:
        """`tell` hears, on the thread that sends, whether the collector takes what it gets: whenever that changes."""
        self._service = service
        self._send = send
        self._limits = limits
        self._tell = tell
        self._waiting: deque[Step] = deque()
        self._news = threading.Condition()
        self._stopping = False
        self._taken: bool | None = None
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def put(self, steps: Iterable[Step]) -> None:
        """Let `steps` wait for their turn, as far as there is room; returns at once, whatever the collector does."""
        given = list(steps)
        with self._news:
            idle, room = not self._waiting, self._limits.queue - len(self._waiting)
            self._waiting.extend(given[:room])
            if idle or len(self._waiting) >= self._limits.together:
                self._news.notify()
        self._count("dropped", len(given) - room)

    def stop(self, seconds: float) -> None:
        """Send what waits, if that takes no longer than so many seconds; nothing is told of what comes of it later."""
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join(seconds)
        self._tell = _keep_quiet

    def _run(self) -> None:
        while steps := self._next():
            try:
                taken = self._send(steps)
            except Exception:  # noqa: BLE001 (whatever the exporter meets, the service is not to suffer from it)
                taken = False
            self._count("exported" if taken else "failed", len(steps))
            if taken != self._taken:
                self._taken = taken
                self._tell(taken)

    def _next(self) -> list[Step]:
        """Wait for what goes together; nothing where all is over."""
        with self._news:
            while not self._waiting:
                if self._stopping:
                    return []
                self._news.wait()
            until = time.monotonic() + self._limits.delay_seconds
            while len(self._waiting) < self._limits.together and not self._stopping:
                rest = until - time.monotonic()
                if rest <= 0:
                    break
                self._news.wait(rest)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), self._limits.together))]

    def _count(self, outcome: str, steps: int) -> None:
        if steps > 0:
            metrics.TRACE_SPANS.labels(self._service, outcome).inc(steps)


def _keep_quiet(_taken: bool) -> None:
    """Tell nobody: whoever listened has gone."""


def _number(text: str | None, otherwise: int) -> int:
    try:
        number = int(text or "")
    except ValueError:
        return otherwise
    return number if number > 0 else otherwise
