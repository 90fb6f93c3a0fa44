"""Makes the servers agree with the code: roles, schemas, tables, streams and durable consumers. Safe to repeat.

What services need at their start is light: only what provisions loads alembic.
"""

from typing import TYPE_CHECKING, Any

from shared.provision.chain import SUITE_SCHEMA as SUITE_SCHEMA
from shared.provision.checks import check as check
from shared.provision.checks import check_schema as check_schema
from shared.provision.errors import NotProvisionedError as NotProvisionedError
from shared.provision.errors import ProvisionError as ProvisionError
from shared.provision.streams import check_consumer as check_consumer

if TYPE_CHECKING:
    from shared.provision.provisioning import provision as provision


def __getattr__(name: str) -> Any:
    """Return `provision`, imported when it is first asked for."""
    if name != "provision":
        raise AttributeError(name)
    from shared.provision.provisioning import provision  # noqa: PLC0415 (slow, and no service needs it)

    return provision
