"""The settings of the adapter `lmtp` in the policy: `plugins.adapters.lmtp`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.plugins import Config

Address = Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,255}$"), AfterValidator(str.lower)]


class Mailbox(Config):
    """One mailbox of ours, and the other addresses that come into it."""

    address: Address
    aliases: tuple[Address, ...] = ()


class LmtpConfig(Config):
    """Where is listened, for whom, and within which limits."""

    mailboxes: Annotated[tuple[Mailbox, ...], Field(min_length=1)]
    """For these is taken, with any `+tag` behind the local part; for nobody else, so that nothing is relayed."""
    protocol: Literal["lmtp", "smtp"] = "lmtp"
    """What is spoken: LMTP to a mail server of ours, SMTP to any other."""
    host: str = "127.0.0.1"
    """The address on which is listened."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 2424
    """0: any free one."""
    hostname: str = "localhost"
    """How the server calls itself."""
    max_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 50_000_000
    """Of a mail."""
    max_recipients: Annotated[int, Field(ge=1, le=1_000)] = 100
    """Of one mail."""
    connections: Annotated[int, Field(ge=1, le=1_000)] = 20
    """At the same time; who comes after them is told to come again. Each may hold a mail in memory."""
    timeout_seconds: Annotated[float, Field(ge=0.1, le=3_600)] = 300.0
    """For a command, or for the whole of a mail."""
    certificate: Path | None = None
    """With it and its key STARTTLS is offered."""
    key: Path | None = None
    """The file with the private key of the certificate."""
    require_tls: bool = False
    """Whether a mail is refused before STARTTLS."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it publishes to."""
        return ("email",)

    @model_validator(mode="after")
    def _key_with_certificate(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise PydanticCustomError("tls", "certificate and key go together")
        if self.require_tls and self.certificate is None:
            raise PydanticCustomError("tls", "require_tls needs certificate and key")
        return self
