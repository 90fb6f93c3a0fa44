"""The adapters of mail keep what every adapter promises, before servers and senders in threads of their own."""

import asyncio
import contextlib
import smtplib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from services.intake.adapters.imap import adapter as imap
from services.intake.adapters.lmtp import adapter as lmtp
from shared.testing.contracts import AdapterContract
from shared.testing.embedded_ports import LOOPBACK, free_port
from tests.mail.imap_server import PASSWORD, USER, ImapServer
from tests.mail.mails import mail

MAILS = 6


@contextmanager
def serving() -> Iterator[ImapServer]:
    """Yield a server with some mails, whose event loop is another one than that of the adapter."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ImapServer()
    for number in range(MAILS):
        server.inbox.add(mail(number))
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(60)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def settings(port: int) -> dict[str, Any]:
    mailbox = {"address": USER, "host": LOOPBACK, "port": port, "encryption": "none", "first": "all"}
    return {"mailboxes": [mailbox | {"password": "imap_password"}], "longest_pause_seconds": 0.2, "poll_seconds": 0.2}


class TestImap(AdapterContract):
    plugin = imap.plugin
    brings = MAILS
    config: ClassVar[Mapping[str, Any]] = settings(1)
    secrets: ClassVar[Mapping[str, str]] = {"imap_password": PASSWORD}

    @contextmanager
    def world(self) -> Iterator[Mapping[str, Any]]:
        with serving() as server:
            yield settings(server.port)


@contextmanager
def sending(port: int) -> Iterator[None]:
    """Bring some mails to whoever listens there, each again and again until it is taken, as a mail server does."""
    over = threading.Event()

    def bring() -> None:
        left = list(range(MAILS))
        while left and not over.wait(0.02):
            with (
                contextlib.suppress(OSError, smtplib.SMTPException),
                smtplib.LMTP(LOOPBACK, port, timeout=60) as client,
            ):
                while left:
                    client.sendmail("wang@example.org", USER, mail(left[0]))
                    left.pop(0)

    thread = threading.Thread(target=bring)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class TestLmtp(AdapterContract):
    plugin = lmtp.plugin
    brings = MAILS
    config: ClassVar[Mapping[str, Any]] = {"mailboxes": [{"address": USER}], "port": 0}

    @contextmanager
    def world(self) -> Iterator[Mapping[str, Any]]:
        port = free_port()
        with sending(port):
            yield {"port": port}
