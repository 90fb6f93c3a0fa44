"""Two roles of PostgreSQL per service: one owns its schema, the other works in it and may log in."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import owner_name, role_name
from shared.permissions.secrets_folder import password_file
from shared.provision.errors import ProvisionError

ITERATIONS: Final = 4096
"""As PostgreSQL itself has it; the passwords are random and of 256 bits."""


async def provision_roles(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Create the roles of each of the services `names`; return a line for each that was not there."""
    changes: list[str] = []
    for role in [role for name in names for role in (owner_name(name), role_name(name))]:
        exists = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if exists:
            continue
        # Roles belong to the whole server: another database's provisioning may create it at the same moment.
        await connection.execute(
            text(
                f'DO $$ BEGIN CREATE ROLE "{role}" NOLOGIN; '
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        )
        await connection.execute(text(f'GRANT "{role}" TO CURRENT_USER'))
        changes.append(f"role {role} created")
    return changes


async def provision_passwords(connection: AsyncConnection, names: Sequence[str], folder: Path) -> list[str]:
    """Let the role of each service log in with the password in `folder`; return a line for each.

    PostgreSQL gets what proves a password, never the password: nothing of it can stand in a log.
    """
    changes: list[str] = []
    for name in names:
        proof = scram(_password(password_file(folder, name)))
        await connection.exec_driver_sql(f"ALTER ROLE \"{role_name(name)}\" LOGIN PASSWORD '{proof}'")
        changes.append(f"role {role_name(name)}: may log in with the password of {folder}")
    return changes


def scram(password: str, salt: bytes | None = None) -> str:
    """Return what PostgreSQL keeps of an ASCII `password`, as SCRAM-SHA-256 (RFC 5802, RFC 7677) has it."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    told = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{told[0]}${told[1]}:{told[2]}"


def _password(path: Path) -> str:
    try:
        password = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no ASCII text"
        raise ProvisionError(f"YINGDA_ROLE_PASSWORDS: {path} cannot be read: {why}") from None
    if not password:
        raise ProvisionError(f"YINGDA_ROLE_PASSWORDS: there is no password in {path}")
    return password
