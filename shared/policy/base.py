"""What all models of a policy share: frozen, no unknown keys, bilingual names, and values written as text."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from shared.events.base import Grade as Grade
from shared.policy.durations import DURATION_PATTERN, Duration
from shared.policy.hours import (
    DAYS_PATTERN,
    HOURS_PATTERN,
    TIME_PATTERN,
    YEARS_PATTERN,
    DailyWindow,
    DaySpan,
    Hours,
    YearSpan,
    format_time,
    parse_time,
)

Role = Literal["agent", "supervisor", "head", "manager"]

#: Clock metrics of the handbook, section 4.
Metric = Literal[
    "first_response",
    "department_response",
    "resolution",
    "customer_reply",
    "progress_update",
    "callback",
    "supervisor_contact",
    "record_entry",
    "promise",
    "collaboration",
    "collaboration_start",
    "progress_relay",
    "rework",
    "cutoff",
    "agent_away",
]


LONGEST_WAIT_SECONDS: Final = 300


class Model(BaseModel):
    """A frozen part of the policy; a key that it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Text(Model):
    """A name in Chinese and in English."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def in_locale(self, locale: str) -> str:
        """Return the Chinese name for any ``zh`` locale, else the English one."""
        return self.zh if locale.lower().startswith("zh") else self.en


def _written(kind: type, parse: Callable[[str], Any]) -> PlainValidator:
    def read(value: object) -> Any:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is written as text")  # noqa: TRY004 - pydantic reports ValueError only
        return parse(value)

    return PlainValidator(read)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _bearable(wait: Duration) -> Duration:
    if wait.kind != "wall" or not 1 <= wait.seconds <= LONGEST_WAIT_SECONDS:
        raise ValueError(f"an answer is waited for from 1 to {LONGEST_WAIT_SECONDS} seconds of wall time, not {wait}")
    return wait


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f'no time zone is named "{name}"; zones are named like "Asia/Shanghai"') from None


_AS_TEXT = PlainSerializer(str, return_type=str)

WrittenDuration = Annotated[Duration, _written(Duration, Duration.parse), _AS_TEXT, _schema(DURATION_PATTERN)]
WrittenWait = Annotated[WrittenDuration, AfterValidator(_bearable)]
"""How long an answer from outside is waited for."""
WrittenHours = Annotated[Hours, _written(Hours, Hours.parse), _AS_TEXT, _schema(HOURS_PATTERN)]
WrittenWindow = Annotated[DailyWindow, _written(DailyWindow, DailyWindow.parse), _AS_TEXT, _schema(HOURS_PATTERN)]
WrittenDays = Annotated[DaySpan, _written(DaySpan, DaySpan.parse), _AS_TEXT, _schema(DAYS_PATTERN)]
WrittenYears = Annotated[
    YearSpan,
    _written(YearSpan, YearSpan.parse),
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    _AS_TEXT,
    _schema(YEARS_PATTERN),
]
WrittenDay = Annotated[
    date, _written(date, lambda text: DaySpan.parse(text).only), _AS_TEXT, _schema(r"^\d{4}-\d{2}-\d{2}$")
]
WrittenTime = Annotated[
    time, _written(time, parse_time), PlainSerializer(format_time, return_type=str), _schema(TIME_PATTERN)
]
ZoneName = Annotated[str, AfterValidator(_known_zone)]


def _key(text: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_]{0,31}", text) is None:
        raise ValueError(f'"{text}" cannot be a name here: up to 32 of a-z, 0-9 and _, a letter first')
    return text


#: The name of a department, category, topic, field, calendar or template, used in events and metric labels.
Key = Annotated[str, AfterValidator(_key)]


def with_ids(entries: object) -> object:
    """Give every entry of a mapping its key as ``id``, so that a staff member knows its own id."""
    if not isinstance(entries, Mapping):
        return entries
    return {key: {**entry, "id": key} if isinstance(entry, Mapping) else entry for key, entry in entries.items()}
