"""The settings of the adapter `imap` in the policy: `plugins.adapters.imap`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.plugins import Config, SecretName

Address = Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,255}$"), AfterValidator(str.lower)]
Folder = Annotated[str, Field(min_length=1, max_length=200)]


class Mailbox(Config):
    """One mailbox of ours."""

    address: Address
    """Ours; contacts carry it."""
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """993 with `tls`, 143 otherwise, where it is left out."""
    encryption: Literal["tls", "starttls", "none"] = "tls"
    ca: Path | None = None
    """Who vouches for the server, where it is not one of the system's authorities."""
    user: str = ""
    """The address where it is left out."""
    password: SecretName | None = None
    """The name of a secret."""
    access_token: SecretName | None = None
    """The name of a secret that holds a token of OAuth 2.0 (XOAUTH2), read anew at every login."""
    folders: Annotated[tuple[Folder, ...], Field(min_length=1)] = ("INBOX",)
    after: Annotated[str, Field(pattern=r"^(keep|seen|move:.{1,200})$")] = "keep"
    """What becomes of a mail on the server once it is on the bus: nothing, marked as seen, or moved to a folder."""
    first: Literal["unseen", "all", "new"] = "unseen"
    """What is read of a folder that was never read before: what nobody has read, all, or only what comes from then on."""

    @property
    def login(self) -> str:
        """The user."""
        return self.user or self.address

    @property
    def moved_to(self) -> str | None:
        """The folder into which mails are moved, if they are."""
        return self.after.removeprefix("move:") if self.after.startswith("move:") else None


class ImapConfig(Config):
    """Which mailboxes are read, and how."""

    mailboxes: Annotated[tuple[Mailbox, ...], Field(min_length=1, max_length=50)]
    """Those that are read."""
    poll_seconds: Annotated[float, Field(ge=0.05, le=1_500)] = 60.0
    """So often is looked for new mail at least; with IDLE the server tells of it before. It would end IDLE after 29 min."""
    idle: bool = True
    """Whether IDLE is used where the server has it."""
    timeout_seconds: Annotated[float, Field(ge=0.1, le=600)] = 60.0
    """For which a server may say nothing while it is asked something."""
    max_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 50_000_000
    """Of a mail; of a larger one only the beginning is read."""
    longest_pause_seconds: Annotated[float, Field(ge=0.05, le=3_600)] = 300.0
    """Between attempts to reach a server that is away; the first comes after a second."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it publishes to."""
        return ("email",)
