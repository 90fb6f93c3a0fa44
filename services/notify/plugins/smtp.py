"""The `smtp` transport: email through a mail server.

It stands in the policy (`plugins.transports.smtp`), else in the settings (`YINGDA_SMTP_…`). A mail counts as unknown only
where the server had been told DATA (R-NT-04).
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import aiosmtplib
from pydantic import Field, SecretStr, model_validator

from services.notify.plugins.mail.connections import BROKEN, Connection, Connections, Line, UnreachableError
from services.notify.plugins.mail.replies import in_words, no_such_address, refused
from services.notify.plugins.mail.writing import Writer
from services.notify.ports import (
    Outbound,
    Outcome,
    Rejected,
    Retry,
    Sent,
    TransportError,
    TransportSetup,
    Unknown,
)
from shared.plugins import Config, Plugin, SecretName

BATCH_SECONDS: Final = 35.0
"""A batch that a slow server stretches beyond this is broken off between two mails; the rest is tried later."""
END_SECONDS: Final = 45.0
"""By then it ends in the middle of a mail: whoever asked waits no longer, and what has left already would be unknown."""

TOO_SLOW: Final = "the mail server is too slow"
CLOSING: Final = 421
"""The server says this to whatever it is asked, and closes the connection (RFC 5321, 3.8)."""


class SmtpConfig(Config):
    """Settings of `smtp`; without any, those of the environment."""

    host: str | None = None
    """The mail server."""
    port: int = Field(default=587, ge=1, le=65535)
    """Its port."""
    tls: Literal["none", "starttls", "tls"] = "starttls"
    """How the connection is encrypted; the server's certificate is verified."""
    user: str | None = None
    """Who logs in, where the server asks for it."""
    password: SecretName | None = None
    """Name of the secret that holds the user's password."""
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """The address that mails come from; answers go to `notify.sender`."""
    ca: Path | None = None
    """Who vouches for the server, in the place of the system's authorities."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.host is None and (self.model_fields_set - {"ca"}):
            raise ValueError("host is missing")
        if self.host is not None and self.sender is None:
            raise ValueError("sender is missing")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.user is not None and self.tls == "none":
            raise ValueError("a password is sent over TLS only: set tls to starttls or tls")
        return self


class SmtpTransport:
    """Sends the mails of a batch one after the other over one connection, which is kept for the next batch."""

    name = "smtp"
    resend_when_unknown = False
    reads_values = False

    def __init__(self, setup: TransportSetup) -> None:
        if setup.channel != "email":
            raise TransportError(f'smtp carries email and nothing else, not "{setup.channel}"')
        config: SmtpConfig = setup.config or SmtpConfig()
        self.channel = setup.channel
        self._server = _Server.of(config, setup)
        self._wait = setup.wait_seconds
        self._writer = Writer(self._server.sender, setup.now)
        self._connections = Connections(self._client, setup.wait_seconds)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Send one mail after the other; a lost connection is opened again for the next one."""
        began = time.monotonic()
        outcomes: list[Outcome] = []
        line = Line(self._connections)
        try:
            for out in messages:
                left = END_SECONDS - (time.monotonic() - began)
                if left < END_SECONDS - BATCH_SECONDS:
                    outcomes.append(Retry(TOO_SLOW))
                    continue
                mail = self._writer.mail(out)
                try:
                    async with asyncio.timeout(left):
                        outcomes.append(mail if isinstance(mail, Rejected) else await self._sent(line, out, mail))
                except TimeoutError:
                    outcomes.append(Unknown(TOO_SLOW) if line.handing_over else Retry(TOO_SLOW))
                except UnreachableError as error:
                    outcomes += [Retry(str(error))] * (len(messages) - len(outcomes))
                    break
        finally:
            await line.done()
        return outcomes

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: a mail server cannot be asked what it has taken."""
        del ids
        return None

    async def close(self) -> None:
        """Take leave of the server."""
        await self._connections.close()

    async def _sent(self, line: Line, out: Outbound, mail: bytes) -> Outcome:
        """Hand one mail over; where the server had closed a connection that was kept, over another one."""
        connection = await line.ready()
        was_kept = connection.kept
        outcome = await self._transact(connection, out, mail)
        if isinstance(outcome, Retry) and was_kept and not connection.client.is_connected:
            outcome = await self._transact(await line.ready(), out, mail)
        return outcome

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password.get_secret_value() if server.user and server.password else None,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            cert_bundle=str(server.ca) if server.ca else None,
            timeout=self._wait,
        )

    async def _transact(self, connection: Connection, out: Outbound, mail: bytes) -> Outcome:
        client = connection.client
        connection.mails, connection.kept, connection.handing_over = connection.mails + 1, False, False
        try:
            return await self._dialogue(connection, out, mail)
        except BaseException:  # broken off: the next command would get the answer to this one's
            client.close()
            raise

    async def _dialogue(self, connection: Connection, out: Outbound, mail: bytes) -> Outcome:
        client = connection.client
        try:
            await client.mail(self._server.sender)
            await client.rcpt(out.message.to)
        except aiosmtplib.SMTPResponseException as error:
            of_the_address = isinstance(error, aiosmtplib.SMTPRecipientRefused) and no_such_address(error)
            return await _refused(client, error, address=of_the_address)
        except BROKEN as error:
            client.close()
            return Retry(f"no answer before the mail was handed over: {in_words(error)}")
        connection.handing_over = True
        try:
            await client.data(mail)
        except aiosmtplib.SMTPResponseException as error:
            return await _refused(client, error)
        except BROKEN as error:
            client.close()
            return Unknown(f"no answer after the mail was handed over: {in_words(error)}")
        return Sent(self._writer.id_of(out))


class _Server:
    """Where mails go, whoever named it."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: Literal["none", "starttls", "tls"],
        user: str | None,
        password: SecretStr | None,
        sender: str,
        ca: Path | None,
    ) -> None:
        self.host, self.port, self.tls, self.user = host, port, tls, user
        self.password, self.sender, self.ca = password, sender, ca

    @classmethod
    def of(cls, config: SmtpConfig, setup: TransportSetup) -> "_Server":
        """Return the server of the policy, else that of the environment; `TransportError` where there is neither."""
        if config.host is not None and config.sender is not None:
            password = setup.secret(config.password) if config.password is not None else None
            return cls(config.host, config.port, config.tls, config.user, password, config.sender, config.ca)
        given = setup.settings
        if not given.smtp_host:
            raise TransportError(
                "smtp needs a mail server: set host under plugins.transports.smtp in the policy, or set YINGDA_SMTP_HOST"
            )
        return cls(
            given.smtp_host,
            given.smtp_port,
            given.smtp_tls,
            given.smtp_user,
            given.smtp_password,
            given.smtp_from,
            config.ca,
        )


async def _refused(
    client: aiosmtplib.SMTP, error: aiosmtplib.SMTPResponseException, *, address: bool = False
) -> Outcome:
    """Return what a refusal means, and make the connection ready for the next mail, if the server goes on with it."""
    if error.code == CLOSING:
        client.close()
    else:
        try:
            await client.rset()
        except BROKEN:
            client.close()
    return refused(error, address=address)


plugin = Plugin(kind="transport", name="smtp", api=1, summary="Mails over SMTP", build=SmtpTransport, config=SmtpConfig)
