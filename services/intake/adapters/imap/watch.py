"""One folder watched for as long as the process works: connected, read, waited at, and connected anew when that ends."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import Any, Final, TypeVar

import structlog

from services.intake.adapters.imap.config import ImapConfig, Mailbox
from services.intake.adapters.imap.place import PlaceFile
from services.intake.adapters.imap.reader import Reader, Stopped, stopping_within
from services.intake.adapters.imap.session import LoginRefusedError, Session, SessionError
from services.intake.adapters.mails import Pauses
from shared.adapters import Work
from shared.bus.failures import told
from shared.plugins import PluginError

REFUSED_SECONDS: Final = 30.0
"""The first pause after a refused login: who knocks too often is locked out."""
LAST_SECONDS: Final = 2.0
"""So long a server may still take when the process ends; then nobody waits for it any more."""
T = TypeVar("T")

log = structlog.get_logger()


class Watch:
    """Watches one folder of one mailbox."""

    def __init__(
        self,
        work: Work,
        config: ImapConfig,
        mailbox: Mailbox,
        folder: str,
        *,
        secret: Callable[[], str],
        file: PlaceFile,
    ) -> None:
        self._work = work
        self._config = config
        self._mailbox = mailbox
        self._secret = secret
        self._name = f"the folder {folder} of {mailbox.address}"
        self._reader = Reader(work, config, mailbox, folder, file, self._in_thread, self._turned)
        self._pauses = Pauses(longest=config.longest_pause_seconds)
        self._session: Session | None = None
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Watch until the process is told to end."""
        ending = asyncio.create_task(self._end())
        try:
            while not self._work.stopping.is_set():
                pause = await self._attempt()
                self._turned(pause)
                await stopping_within(self._work, pause)
        except Stopped:
            log.info("stopped before what was in hand was done; it is fetched again", folder=self._name)
        finally:
            ending.cancel()

    async def _attempt(self) -> float:
        """Work while a connection lasts; return for how long to wait before the next one."""
        self._work.report.missing(self._name)
        try:
            await self._connected()
        except LoginRefusedError as error:
            self._work.report.refused("login")
            log.warning("the mail server does not let us in", folder=self._name, why=str(error))
            return self._pauses.next(at_least=min(REFUSED_SECONDS, self._config.longest_pause_seconds))
        except (SessionError, PluginError) as error:
            if not self._work.stopping.is_set():
                self._work.report.refused("server-away")
                log.warning("the mail server cannot be used now", folder=self._name, why=str(error))
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 (a folder that fails does not end the others)
            self._work.report.refused("failed")
            log.warning("the folder cannot be read now", folder=self._name, **told(error))
        return self._pauses.next()

    async def _connected(self) -> None:
        config, secret = self._config, self._secret()
        session = self._session = await self._in_thread(Session, self._mailbox, secret, config.timeout_seconds)
        try:
            place = await self._reader.begin(session)
            while True:
                await self._reader.read(session, place)
                self._work.report.found(self._name)
                self._pauses.over()
                self._turned(config.poll_seconds)
                if self._work.stopping.is_set():
                    return
                await self._in_thread(partial(session.wait, config.poll_seconds, idle=config.idle))
        finally:
            self._session = None
            await self._in_thread(session.leave if self._work.stopping.is_set() else session.close)

    async def _end(self) -> None:
        """Break off a wait when the process is told to end, and soon after whatever the server is asked."""
        await self._work.stopping.wait()
        if self._session is not None:
            self._session.end_wait()
        await asyncio.sleep(LAST_SECONDS)
        self._over.set_result(None)

    def _turned(self, rest_seconds: float = 0.0) -> None:
        self._work.report.turned(self._name, rest_seconds + 2 * self._config.timeout_seconds)

    async def _in_thread(self, act: Callable[..., T], *arguments: Any) -> T:
        """Return what `act` returns; `Stopped` where the process has to end before.

        The thread is then left behind: a connection that is being made cannot be broken off, and a process waits for
        the threads of a pool.
        """
        future = Future[T]()
        Thread(target=_run, args=(future, act, *arguments), name="imap", daemon=True).start()
        acting = asyncio.wrap_future(future)
        awaited: set[asyncio.Future[Any]] = {acting, self._over}
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if acting.done():
                return acting.result()
        finally:
            acting.cancel()
        raise Stopped


def _run(future: "Future[T]", act: Callable[..., T], *arguments: Any) -> None:
    future.set_running_or_notify_cancel()  # whoever does not wait any more leaves the thread alone
    try:
        result = act(*arguments)
    except BaseException as error:  # noqa: BLE001 (whoever waits for it shall have it, whatever it is)
        future.set_exception(error)
    else:
        future.set_result(result)
