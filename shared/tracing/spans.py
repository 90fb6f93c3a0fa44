"""Steps as OpenTelemetry's spans. Only this module and `start` know its SDK, and only where traces are exported."""

import os
import socket
from collections.abc import Callable, Sequence
from importlib.metadata import version

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.span import TraceState

from shared.events.trace import TRACEPARENT_LENGTH
from shared.tracing.steps import Step

SCOPE = "yingda"


def spans_of(service: str) -> Callable[[Sequence[Step]], list[ReadableSpan]]:
    """Return what makes spans of the steps of `service`, a process of its own in the eyes of OpenTelemetry."""
    release = version("yingda")
    scope = InstrumentationScope(SCOPE, release)
    resource = Resource.create(
        {
            "service.name": f"yingda-{service}",
            "service.namespace": "yingda",
            "service.version": release,
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )

    def span(step: Step) -> ReadableSpan:
        return ReadableSpan(
            step.name,
            context=_context(step.trace, remote=False),
            parent=_context(step.parent, remote=True) if step.parent else None,
            resource=resource,
            attributes=step.attributes,
            links=(Link(_context(step.link, remote=True)),) if step.link else (),
            kind=SpanKind.PRODUCER,
            instrumentation_scope=scope,
            start_time=step.start,
            end_time=step.end,
        )

    return lambda steps: [span(step) for step in steps]


def _context(trace: str, *, remote: bool) -> SpanContext:
    state = trace[TRACEPARENT_LENGTH + 1 :]
    return SpanContext(
        trace_id=int(trace[3:35], 16),
        span_id=int(trace[36:52], 16),
        is_remote=remote,
        trace_flags=TraceFlags(int(trace[53:55], 16)),
        trace_state=TraceState.from_header([state]) if state else None,
    )
