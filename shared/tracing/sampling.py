"""Which contacts are recorded: OpenTelemetry's sampler, asked once for each contact where it comes in.

The decision travels as the flag of the `traceparent`, so all services record the same contacts, whole.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.events import Message
from shared.events.trace import first_trace, with_sampled

Sampled = Callable[[Message[Any]], str]
"""Returns the trace of a contact with the decision in it."""

DEFAULT: Final = "parentbased_always_on"
_PARENT: Final = "parentbased_"
_RATIO: Final = "traceidratio"
_SPANS: Final = slice(0, 52)
"""Of a traceparent: all but its flags."""


class UnknownSamplerError(ValueError):
    """`OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name no sampler of OpenTelemetry."""


def sampler_of(environ: Mapping[str, str]) -> Sampled | None:
    """Return what decides; None where every trace stays as it comes, which records all that nobody has opted out of."""
    name = environ.get("OTEL_TRACES_SAMPLER", "").strip().lower() or DEFAULT
    if name == DEFAULT:
        return None
    wanted = _decision(name.removeprefix(_PARENT), environ.get("OTEL_TRACES_SAMPLER_ARG", "").strip())
    if name.startswith(_PARENT):
        return lambda one: with_sampled(one.trace, wanted(one.trace_id)) if _begins_here(one) else one.trace
    return lambda one: with_sampled(one.trace, wanted(one.trace_id))


def _decision(name: str, argument: str) -> Callable[[str], bool]:
    """Return whether a trace that begins here is recorded, by its id."""
    if name in {"always_on", "always_off"}:
        return lambda _trace_id: name == "always_on"
    try:
        ratio = float(argument or 1)
    except ValueError:
        ratio = -1.0
    if name != _RATIO or not 0 <= ratio <= 1:
        raise UnknownSamplerError
    bound = round(ratio * (1 << 64))  # as all of OpenTelemetry reckons it: by the last eight bytes
    return lambda trace_id: int(trace_id[16:], 16) < bound


def _begins_here(contact: Message[Any]) -> bool:
    return contact.trace[_SPANS] == first_trace(contact.key)[_SPANS]
