"""The engine of a service: its role, its pool of connections, how a new connection is prepared."""

from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import MetaData, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db.door import Row
from shared.db.known_types import know_arrays
from shared.settings import Settings, SettingsError, fresh_secret
from shared.trust import trusting

COMMAND_SECONDS = 60.0


def database_url(settings: Settings) -> URL:
    """Return the address of PostgreSQL for SQLAlchemy, with the password from its own variable if there is one."""
    try:
        url = make_url(settings.database_url).set(drivername="postgresql+asyncpg")
    except ArgumentError:
        raise SettingsError("YINGDA_DATABASE_URL is not of the form postgresql://user@host:5432/database") from None
    if settings.database_password is not None:
        url = url.set(password=settings.database_password.get_secret_value())
    return url


def create_engine(
    settings: Settings, *, role: str | None = None, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncEngine:
    """Return an engine whose connections act as `role`, so that they see no other service's schema.

    A statement may take `command_seconds`; None lets it take what it needs, as building an index does.
    """
    server_settings = {"application_name": f"yingda-{role or 'cli'}", "jit": "off", "timezone": "UTC"}
    if role is not None:
        server_settings["role"] = role_name(role)
    engine = create_async_engine(
        database_url(settings),
        pool_size=settings.database_pool,
        max_overflow=2,
        pool_pre_ping=False,
        pool_timeout=10,
        pool_use_lifo=True,  # the connection used last has its statements prepared; the others may rest
        hide_parameters=True,  # an error must not carry personal values into a log
        json_serializer=lambda value: to_json(value).decode(),
        json_deserializer=from_json,
        connect_args={
            "server_settings": server_settings,
            "timeout": 5,
            "command_timeout": command_seconds,
            "record_class": Row,
            **_password(settings),
            **_tls(settings),
        },
    )
    event.listen(engine.sync_engine, "connect", lambda connection, _: know_arrays(connection.driver_connection))
    return engine


def _password(settings: Settings) -> dict[str, Any]:
    """Return what asks for the password at each new connection: one in a file may have been changed meanwhile."""
    held = settings.database_password
    if held is None:
        return {}
    return {"password": lambda: fresh_secret("database_password") or held.get_secret_value()}


def _tls(settings: Settings) -> dict[str, Any]:
    """Return what makes the connection TLS, where the settings name who vouches for the server."""
    if settings.database_ca is None:
        return {}
    return {"ssl": trusting("YINGDA_DATABASE_CA", settings.database_ca)}


def role_name(service: str) -> str:
    """Return the PostgreSQL role that `service` works as: it reads and writes its own tables, and changes none of them."""
    return f"yingda_{service}"


def owner_name(service: str) -> str:
    """Return the PostgreSQL role that owns the schema of `service`; nobody logs in as it, provisioning acts as it."""
    return f"{role_name(service)}_owner"


def schema_of(service: str) -> MetaData:
    """Return the empty metadata of the schema that belongs to `service`."""
    return MetaData(schema=service)
