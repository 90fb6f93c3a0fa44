"""OpenTelemetry export of what the services do, as an option (`YINGDA_TRACING`, ADR 0030)."""

from shared.tracing.start import start_tracing
from shared.tracing.tracing import Tracing

__all__ = ["Tracing", "start_tracing"]
