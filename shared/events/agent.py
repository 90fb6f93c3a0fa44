"""Agents: whether they are at work (R-RT-08), and how long they are away (R-SLA-07)."""

from typing import ClassVar, Literal

from shared.events.base import Event, Moment

Presence = Literal["available", "meal", "away", "off"]


class AgentPresenceChanged(Event):
    """The agent is `state` since `at`; before that, `previous` (R-RT-08)."""

    TYPE: ClassVar[str] = "yingda.agent.presence_changed.v1"

    agent_id: str
    department: str
    state: Presence
    previous: Presence
    by: str
    at: Moment
