"""Who may say and hear what on NATS: as data that follows from the services, and as the server's configuration.

`users.py` derives the users, `server_config.py` writes them as NATS reads them, `secrets_folder.py` keeps their seeds.
`python -m shared.permissions` writes `deploy/nats/permissions.conf`.
"""

from shared.permissions.user import User
from shared.permissions.users import DESK, OPERATIONS, adapter, installed_users

__all__ = ["DESK", "OPERATIONS", "User", "adapter", "installed_users"]
