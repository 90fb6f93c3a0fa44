"""What a message answers, on channels where one message refers to another."""

from pydantic import BaseModel, ConfigDict, Field


class Thread(BaseModel):
    """A message among others: its own id, the ids of those it answers, the work orders it names (ADR 0040)."""

    model_config = ConfigDict(frozen=True)

    message_id: str | None = Field(default=None, max_length=400)
    answers: tuple[str, ...] = Field(
        default=(), max_length=50, description="ids of earlier messages, the nearest first"
    )
    numbers: tuple[str, ...] = Field(default=(), max_length=50, description="numbers of work orders that it names")
