"""What every message of the contract has in common: a frozen model that knows its type, version and subject."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from shared.times import rfc3339

Moment = Annotated[AwareDatetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
"""A point in time with an offset; written as RFC 3339 in UTC (contract, "Envelope")."""

Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Emotion = Literal["calm", "dissatisfied", "anxious", "impatient", "other"]
Grade = Literal["urgent", "normal", "complex"]

EVENT_TYPES: dict[str, type["Event"]] = {}
"""Every event type of the suite by its CloudEvents `type`; filled as the models are defined."""


def subject_of(event_type: str) -> str:
    """Return the subject on which events of `event_type` travel: `yingda.<entity>.<verb>.v<n>` without the version."""
    _product, entity, verb, _version = event_type.split(".")
    return f"yingda.event.{entity}.{verb}"


class Event(BaseModel):
    """The `data` of one event. Immutable; unknown fields of a newer producer are ignored on reading."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, protected_namespaces=())

    TYPE: ClassVar[str] = ""
    SUBJECT: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1

    schema_: int = Field(default=1, alias="schema", description="the version of this event's type")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register a concrete event; `entity`, `verb` and `version` are declared once, in the class statement."""
        if not cls.TYPE:
            return
        cls.SUBJECT = subject_of(cls.TYPE)
        cls.VERSION = int(cls.TYPE.rpartition(".v")[2])
        if cls.TYPE in EVENT_TYPES:
            raise TypeError(f"the event type {cls.TYPE} is declared twice")
        EVENT_TYPES[cls.TYPE] = cls

    def to_json(self) -> dict[str, Any]:
        """Return the event's `data` as the contract writes it: JSON types, UTC times, `schema` included."""
        return self.model_dump(mode="json", by_alias=True)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with `changes`; the original stays as it is."""
        return self.model_copy(update=changes)
