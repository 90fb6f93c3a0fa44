"""Whether traces are exported: OpenTelemetry's own variables say where, `YINGDA_TRACING` has the last word."""

from collections.abc import Mapping
from urllib.parse import urlsplit

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
DEFAULT_ENDPOINT = "http://localhost:4318"


def wanted(switch: str, environ: Mapping[str, str]) -> bool:
    """Return whether traces are to be exported: `auto` follows the standard variables, `on` and `off` do not ask."""
    if switch != "auto":
        return switch == "on"
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        return False
    return any(environ.get(name, "").strip() for name in ENDPOINTS)


def unusable(environ: Mapping[str, str]) -> str | None:
    """Return what speaks against the standard variables as they are, in a few words; None where nothing does."""
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    if exporter != "otlp":
        return f"OTEL_TRACES_EXPORTER is {exporter!r}, and otlp is the only one there is"
    protocol = _first(environ, PROTOCOLS) or PROTOCOL
    if protocol != PROTOCOL:
        return f"the protocol is {protocol!r}, and {PROTOCOL} is the only one there is"
    endpoint = endpoint_of(environ)
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    return None if usable else "the endpoint is no address like http://collector:4318"


def endpoint_of(environ: Mapping[str, str]) -> str:
    """Return where the traces go, as it was configured."""
    return _first(environ, ENDPOINTS) or DEFAULT_ENDPOINT


def bare(endpoint: str) -> str:
    """Return `endpoint` as a log may name it: without user, password and query."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := environ.get(name, "").strip())), "")
