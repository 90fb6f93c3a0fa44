"""Switching the export on: read the variables, load the SDK, and say in one sentence where that cannot be."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context

import structlog

from shared.tracing.queue import Limits, StepQueue
from shared.tracing.sampling import Sampled, UnknownSamplerError, sampler_of
from shared.tracing.switch import bare, endpoint_of, unusable, wanted
from shared.tracing.tracing import Tracing

NOT_EXPORTED = "traces are not exported"
NOT_INSTALLED = "the extra `otel` is not installed: pip install 'yingda[otel]'"
QUIET_SECONDS = 300.0
"""A collector that comes and goes is complained of no more often."""

log = structlog.get_logger()


def start_tracing(switch: str, service: str, environ: Mapping[str, str] = os.environ) -> Tracing | None:
    """Return the tracing of `service`, None where it is off or cannot be; never raises. Call it in the event loop."""
    if not wanted(switch, environ):
        return None
    reason = unusable(environ)
    if reason is not None:
        log.warning(NOT_EXPORTED, why=reason)
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (an extra)

        from shared.tracing.spans import spans_of  # noqa: PLC0415 (same)
    except ImportError:
        log.warning(NOT_EXPORTED, why=NOT_INSTALLED)
        return None
    try:
        exporter = OTLPSpanExporter()
        spans = spans_of(service)
    except Exception as error:  # noqa: BLE001 (a certificate that is not there, a header that is none: whatever it reads)
        log.warning(NOT_EXPORTED, why=f"OpenTelemetry refuses its variables ({type(error).__name__})")
        return None
    for name in ("opentelemetry", "urllib3"):  # one sentence of ours for an outage, not one of theirs for every attempt
        logging.getLogger(name).setLevel(logging.CRITICAL)
    queue = StepQueue(
        service,
        lambda steps: exporter.export(spans(steps)).name == "SUCCESS",
        Limits.of(environ),
        _teller(bare(endpoint_of(environ))),
    )
    return Tracing(queue, _sampler(environ))


def _sampler(environ: Mapping[str, str]) -> Sampled | None:
    try:
        return sampler_of(environ)
    except UnknownSamplerError:
        log.warning("every contact is recorded: OTEL_TRACES_SAMPLER and its ARG name no sampler of OpenTelemetry")
        return None


def _teller(endpoint: str) -> Callable[[bool], None]:
    """Return what logs, from the event loop, that the collector has gone or is back: once for an outage, and not all the time."""
    loop, context = asyncio.get_running_loop(), copy_context()  # which has the service's name for the log
    told: bool | None = None
    quiet_until = 0.0

    def say(taken: bool) -> None:
        nonlocal told, quiet_until
        if taken == told or (not taken and loop.time() < quiet_until):
            return
        told = taken
        if taken:
            log.info("traces are exported", to=endpoint)
        else:
            quiet_until = loop.time() + QUIET_SECONDS
            log.warning("traces are lost: the collector does not take them; all else goes on", to=endpoint)

    def tell(taken: bool) -> None:
        with suppress(RuntimeError):  # the loop has ended before the last answer came
            loop.call_soon_threadsafe(say, taken, context=context)

    return tell
