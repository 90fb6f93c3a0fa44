"""The adapter `imap`: every folder of every mailbox is watched over a connection of its own."""

import asyncio
from functools import partial
from pathlib import Path

from services.intake.adapters.imap.config import ImapConfig, Mailbox
from shared.adapters import Work
from shared.plugins import Plugin, PluginError, Setup


class ImapAdapter:
    """Brings mails from the folders that the policy names."""

    def __init__(self, setup: Setup) -> None:
        config: ImapConfig = setup.config
        self._config = config
        self._setup = setup
        for mailbox in config.mailboxes:
            if (mailbox.password is None) == (mailbox.access_token is None):
                raise PluginError(f"the mailbox {mailbox.address} needs either a password or an access_token")
            if mailbox.moved_to in mailbox.folders:
                raise PluginError(f"the mails of {mailbox.address} would be moved into a folder that is read")
            self._secret(mailbox)
        self._folders = [(mailbox, folder) for mailbox in config.mailboxes for folder in mailbox.folders]

    @property
    def channels(self) -> tuple[str, ...]:
        """Email."""
        return self._config.channels

    async def run(self, work: Work) -> None:
        """Watch all folders until the process is told to end."""
        from services.intake.adapters.imap.place import PlaceFile  # noqa: PLC0415 (the policy is checked without it)
        from services.intake.adapters.imap.watch import Watch  # noqa: PLC0415 (nor does it need imapclient)

        directory: Path = self._setup.data
        work.report.ready()  # the suite does not wait for a mail server that is away
        watches = [
            Watch(
                work,
                self._config,
                mailbox,
                folder,
                secret=partial(self._secret, mailbox),
                file=PlaceFile(directory, mailbox.host, mailbox.login, folder),
            )
            for mailbox, folder in self._folders
        ]
        async with asyncio.TaskGroup() as tasks:
            for watch in watches:
                tasks.create_task(watch.run())

    def _secret(self, mailbox: Mailbox) -> str:
        """Return the password or token; one in a file may be another one than before."""
        return self._setup.secret(mailbox.access_token or mailbox.password or "").get_secret_value()


plugin = Plugin(
    kind="adapter",
    name="imap",
    api=1,
    summary="mail fetched from mailboxes by IMAP, with IDLE",
    build=ImapAdapter,
    config=ImapConfig,
)
