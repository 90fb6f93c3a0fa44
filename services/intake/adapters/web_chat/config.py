"""Settings of the web chat in the policy, `plugins.endpoints.web_chat`."""

from typing import Annotated

from pydantic import Field

from shared.plugins import Config

Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]


class WebChatConfig(Config):
    """Who may chat, and when a conversation is over."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] = "web"
    """On which conversations are published."""
    source: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")] = "web/chat"
    """Names the chat: conversations are known as `<source>/<session>` for ever."""
    origins: tuple[Origin, ...] = ()
    """Pages of which origins may open a chat; what is no browser names no origin."""
    idle_seconds: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """A conversation in which nothing was said for so long is over."""
    per_minute: Annotated[int, Field(ge=1, le=600)] = 60
    """Messages of one connection."""
    connections: Annotated[int, Field(ge=1, le=20_000)] = 300
    """At the same time, of all senders together: fewer than the gateway's own, which has others to answer too."""
    connections_per_sender: Annotated[int, Field(ge=1, le=10_000)] = 20
    """At the same time, from one address."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the gateway may publish to besides, on NATS: its conversations, and all that is done with their stream."""
        acts = ("CREATE", "INFO", "MSG.GET", "MSG.DELETE")
        return ("yingda.chat.>", *(f"$JS.API.STREAM.{act}.CHATS" for act in acts))
