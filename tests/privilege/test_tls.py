"""TLS to NATS: by a switch, from the first byte, and never without where it was asked for."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nats.errors
import pytest
import pytest_asyncio

from shared.bus.connect import connect, make_broker
from shared.permissions import OPERATIONS
from shared.settings import Settings
from tests.privilege.certificates import Certificate, authority, vouched
from tests.privilege.guarded import Guarded, GuardedNats, secrets_folder

REFUSED = (nats.errors.Error, OSError, TimeoutError)
_TLS = """
tls {{
  cert_file: "{folder}/server.pem"
  key_file: "{folder}/server-key.pem"
  handshake_first: auto
  {more}
}}
"""


@dataclass(frozen=True)
class Encrypted:
    """A server with TLS, who vouches for it, and where everything lies."""

    nats: GuardedNats
    house: Certificate
    folder: Path

    def settings(self, **changes: Any) -> Settings:
        given = {
            "nats_url": self.nats.url,
            "nats_nkey_file": self.folder / "nats" / f"{OPERATIONS}.nk",
            "nats_ca": self.folder / "ca.pem",
        }
        return Settings.model_validate(given | changes)


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["", "verify"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Encrypted]:
    """Yield a server that shows its certificate, and one that also asks for the client's."""
    with tempfile.TemporaryDirectory(prefix="yingda-tls-") as name:
        folder = Path(name)
        secrets_folder(folder).complete()
        house = authority("Yingda test")
        ca, _ = house.write(folder, "ca")
        vouched(house, "127.0.0.1").write(folder, "server")
        vouched(house, "operations").write(folder, "client")
        more = f'verify: true\n  ca_file: "{ca}"' if request.param else ""
        (folder / "data").mkdir()
        async with GuardedNats(folder / "data", folder, _TLS.format(folder=folder, more=more)) as running:
            yield Encrypted(running, house, folder)


@pytest.fixture
def shown(server: Encrypted, request: pytest.FixtureRequest) -> dict[str, Path]:
    """Return what the client shows, where the server asks for it."""
    if not request.node.callspec.params["server"]:
        return {}
    return {"nats_cert": server.folder / "client.pem", "nats_key": server.folder / "client-key.pem"}


async def test_the_command_line_and_the_services_speak_tls(server: Encrypted, shown: dict[str, Path]) -> None:
    client = await connect(server.settings(**shown), "test")
    assert (await client.jetstream().account_info()).streams == 0
    await client.close()
    broker = make_broker(server.settings(**shown), "test")
    try:
        served = await broker.connect()
        assert (await served.jetstream().account_info()).streams == 0
        assert served.new_inbox().startswith("_INBOX.operations.")
    finally:
        await broker.stop()


async def test_a_certificate_is_shown_where_the_server_asks_for_one(server: Encrypted, shown: dict[str, Path]) -> None:
    if shown:
        with pytest.raises(REFUSED):
            await connect(server.settings(), "test")
        vouched(authority("Somebody"), "operations").write(server.folder, "stranger")
        forged = {"nats_cert": server.folder / "stranger.pem", "nats_key": server.folder / "stranger-key.pem"}
        with pytest.raises(REFUSED):
            await connect(server.settings(**forged), "test")
    else:
        await (await connect(server.settings(), "test")).close()


async def test_a_server_that_nobody_vouches_for_is_not_spoken_to(server: Encrypted, shown: dict[str, Path]) -> None:
    stranger, _ = authority("Somebody").write(server.folder, "somebody")
    for trusted in (stranger, None):  # None: what the machine trusts
        with pytest.raises(REFUSED, match="certificate verify failed"):
            await connect(server.settings(**shown, nats_ca=trusted) if trusted else _plain(server), "test")


async def test_a_certificate_for_another_name_is_not_accepted(server: Encrypted, shown: dict[str, Path]) -> None:
    port = urlsplit(server.nats.url).port
    with pytest.raises(REFUSED, match="Hostname mismatch"):
        await connect(server.settings(**shown, nats_url=f"tls://localhost:{port}"), "test")


async def test_who_speaks_in_the_open_is_not_answered(server: Encrypted) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.nats.url).port)
    info = json.loads((await reader.readline()).removeprefix(b"INFO "))
    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
    answer = await reader.read(200)
    writer.close()
    assert info["tls_required"]
    assert b"PONG" not in answer


async def test_a_server_without_tls_is_not_spoken_to_once_tls_is_asked_for(house: Guarded, server: Encrypted) -> None:
    """Whoever stands between cannot leave the encryption out."""
    settings = house.settings("routing").model_copy(update={"nats_ca": server.folder / "ca.pem"})
    with pytest.raises(REFUSED):
        await connect(settings, "test")


def _plain(server: Encrypted) -> Settings:
    return server.settings(nats_ca=None)
