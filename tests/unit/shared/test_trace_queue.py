"""The queue of spans: what a stopped service no longer hears."""

import threading
from typing import Any

from shared.tracing.queue import Limits, StepQueue


def test_who_has_stopped_is_not_told_of_what_comes_later() -> None:
    """R-OB-04: a collector that answers after the end fills nobody's log."""
    asked, answered = threading.Event(), threading.Event()
    told: list[bool] = []

    def send(_steps: Any) -> bool:
        asked.set()
        answered.wait(10)
        return False

    queue = StepQueue("routing", send, Limits.of({"OTEL_BSP_SCHEDULE_DELAY": "1"}), told.append)
    step: Any = object()
    queue.put([step])
    assert asked.wait(10)
    queue.stop(0.01)
    answered.set()
    queue._thread.join(10)
    assert told == []
