"""A heartbeat as it goes over core NATS: small, without a store, without personal data."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

EVERY_SECONDS: Final = 5.0
SUBJECT_PREFIX: Final = "yingda.heartbeat."
MOST_PARTS: Final = 32

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Heartbeat(BaseModel):
    """What one process of a service tells of itself every few seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: Name
    instance: str = Field(min_length=1, max_length=64, description="one process, from its start to its end")
    up_seconds: Seconds = Field(description="for how long the process has been running")
    parts: dict[Name, Seconds] = Field(
        max_length=MOST_PARTS, description="for how long each part has had work without getting on with it; 0: healthy"
    )
    leaving: bool = Field(default=False, description="the last one: the process stops as it was told to")

    @property
    def subject(self) -> str:
        """Where it is published."""
        return SUBJECT_PREFIX + self.service
