"""What starts the adapters of mail in the tests, with the same data each time."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from shared.testing.service_process import adapter_process, policy_with
from tests.mail.imap_server import PASSWORD, TOKEN, USER, ImapServer

Running = AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, dict[str, Any]]]
SECRETS = {"YINGDA_SECRET_IMAP_PASSWORD": PASSWORD, "YINGDA_SECRET_IMAP_TOKEN": TOKEN}


class ImapRuns:
    """Starts `yingda adapter imap` for one mailbox of a server of the tests."""

    def __init__(self, nats_url: str, folder: Path) -> None:
        self.nats_url = nats_url
        self._folder = folder

    def __call__(self, server: ImapServer, config: dict[str, Any] | None = None, **mailbox: Any) -> Running:
        """`config` and `mailbox` are settings beside those that every test has; polls come every 20 s, IDLE tells before."""
        settings = {"address": USER, "host": "127.0.0.1", "port": server.port, "encryption": "none", "first": "all"}
        if "access_token" not in mailbox:
            settings["password"] = "imap_password"
        named = {"poll_seconds": 20, "longest_pause_seconds": 0.2, "timeout_seconds": 20, **(config or {})}
        named["mailboxes"] = [settings | mailbox]
        policy = policy_with(self._folder / "policy.yaml", adapters={"imap": named})
        return adapter_process("imap", self.nats_url, policy, self._folder / "data", **SECRETS)


class LmtpRuns:
    """Starts `yingda adapter lmtp`; where it listens it tells when it is ready (`web`)."""

    def __init__(self, nats_url: str, folder: Path) -> None:
        self._nats_url = nats_url
        self._folder = folder

    def __call__(self, **config: Any) -> Running:
        mailboxes = [{"address": USER, "aliases": ["help@example.com"]}, {"address": "press@example.com"}]
        named = {"mailboxes": mailboxes, "port": 0, **config}
        policy = policy_with(self._folder / "policy.yaml", adapters={"lmtp": named})
        return adapter_process("lmtp", self._nats_url, policy, self._folder / "data")
