"""Commands of and about agents, answered by routing (R-RT-08, R-SLA-07)."""

from typing import ClassVar

from pydantic import Field

from shared.events.agent import Presence
from shared.events.commands.base import Command


class SetPresence(Command):
    """Say whether an agent is at work: available, at a meal, away for a moment, or off."""

    SUBJECT: ClassVar[str] = "yingda.command.agent.presence"

    agent_id: str = Field(min_length=1)
    state: Presence


class ListAgents(Command):
    """List who is at work and how much everybody holds, of one department or of all (R-RT-08)."""

    SUBJECT: ClassVar[str] = "yingda.command.agent.list"

    department: str | None = None
