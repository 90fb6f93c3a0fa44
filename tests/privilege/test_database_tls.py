"""TLS to PostgreSQL: by a switch, and never without where it was asked for.

The embedded server is built without TLS, so a proxy with a certificate stands before it, as in many a house.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from shared.db import create_engine
from shared.settings import Settings, SettingsError
from tests.privilege.certificates import authority, vouched
from tests.privilege.guarded import Guarded

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@contextlib.asynccontextmanager
async def encrypted(house: Guarded, certificate: tuple[Path, Path]) -> AsyncIterator[int]:
    """Yield the port of a proxy that speaks TLS and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    host, _, port = house.database.partition("/")[0].partition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            assert await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(context)
            behind, to_behind = await asyncio.open_connection(host, int(port))
            await asyncio.gather(_relay(reader, to_behind), _relay(behind, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def answer(settings: Settings) -> object:
    engine = create_engine(settings, role="sla")
    try:
        async with engine.connect() as connection:
            return (await connection.exec_driver_sql("SELECT current_user")).scalar()
    finally:
        await engine.dispose()


async def test_a_service_speaks_tls_to_who_is_vouched_for(house: Guarded, tmp_path: Path) -> None:
    trusted = authority("Yingda test")
    ca, _ = trusted.write(tmp_path, "ca")
    other, _ = authority("Somebody").write(tmp_path, "other")
    async with encrypted(house, vouched(trusted, "127.0.0.1").write(tmp_path, "server")) as port:
        through = house.settings("sla").model_copy(
            update={"database_url": f"postgresql://yingda_sla@127.0.0.1:{port}/yingda", "database_ca": ca}
        )
        assert await answer(through) == "yingda_sla"
        with pytest.raises(ssl.SSLCertVerificationError):
            await answer(through.model_copy(update={"database_ca": other}))
        named = through.database_url.replace("127.0.0.1", "localhost")
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await answer(through.model_copy(update={"database_url": named}))


async def test_a_database_without_tls_is_not_spoken_to_once_tls_is_asked_for(house: Guarded, tmp_path: Path) -> None:
    ca, _ = authority("Yingda test").write(tmp_path, "ca")
    with pytest.raises((ConnectionError, DBAPIError), match="rejected SSL"):
        await answer(house.settings("sla").model_copy(update={"database_ca": ca}))


async def test_a_file_without_a_certificate_is_named(house: Guarded, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"YINGDA_DATABASE_CA names .*none\.pem"):
        await answer(house.settings("sla").model_copy(update={"database_ca": tmp_path / "none.pem"}))
