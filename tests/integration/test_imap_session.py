"""The connection of the adapter `imap`: encryption, what is refused, and that no secret is told."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

import pytest

from services.intake.adapters.imap.config import Mailbox
from services.intake.adapters.imap.session import ConnectionEndedError, LoginRefusedError, Session, SessionError
from tests.mail.imap_server import FOREIGN, PASSWORD, USER, ImapServer
from tests.mail.mails import mail
from tests.mail.tls import Certificate, certificate

T = TypeVar("T")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


def encrypted(files: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    return context


async def with_session(mailbox: Mailbox, secret: str, act: Callable[[Session], T], seconds: float = 20.0) -> T:
    """Return what `act` does with a session, in a thread; it is closed afterwards."""

    def work() -> T:
        session = Session(mailbox, secret, seconds)
        try:
            return act(session)
        finally:
            session.close()

    return await asyncio.to_thread(work)


def mailbox(server: ImapServer, **settings: object) -> Mailbox:
    given = {"address": USER, "host": "127.0.0.1", "port": server.port, "encryption": "none", "password": "x"}
    return Mailbox.model_validate(given | settings)


def fetched(session: Session) -> bytes | None:
    session.select("INBOX")
    return session.content(1)


async def test_over_tls_only_to_a_server_that_somebody_vouches_for(tls: Certificate) -> None:
    async with ImapServer(tls=encrypted(tls)) as server:
        await server.add(mail(1))
        trusting = mailbox(server, encryption="tls", ca=str(tls.certificate))
        assert await with_session(trusting, PASSWORD, fetched) == mail(1)
        with pytest.raises(ConnectionEndedError, match=r"(?i)certificate"):
            await with_session(mailbox(server, encryption="tls"), PASSWORD, fetched)


async def test_a_password_that_login_cannot_say_goes_by_another_way() -> None:
    async with ImapServer() as server:
        await server.add(mail(1))
        assert await with_session(mailbox(server), FOREIGN, fetched) == mail(1)
        assert "LOGIN" not in server.commands


async def test_what_a_server_says_is_told_without_the_password() -> None:
    async with ImapServer() as server:
        with pytest.raises(LoginRefusedError) as refused:
            await with_session(mailbox(server), "hunter2secret", fetched)
    assert "AUTHENTICATIONFAILED" in str(refused.value)
    assert "hunter2secret" not in str(refused.value)


async def test_a_server_that_says_nothing_is_left() -> None:
    async with ImapServer() as server:
        server.faults.silent = True
        with pytest.raises(ConnectionEndedError):
            await with_session(mailbox(server), PASSWORD, fetched, 0.3)


async def test_a_folder_that_is_missing_is_told() -> None:
    async with ImapServer() as server:
        with pytest.raises(SessionError, match="NONEXISTENT"):
            await with_session(mailbox(server), PASSWORD, lambda session: session.select("已处理"))
