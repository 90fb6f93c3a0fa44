"""PostgreSQL: one database, one schema and one role per service, set-based statements.

`engine` opens connections, `rows` writes by the set, `together` several tables at once, `door` executes the statements of the hot path.
"""

from shared.db.door import Prepared, Row, fetch
from shared.db.engine import COMMAND_SECONDS, create_engine, database_url, owner_name, role_name, schema_of
from shared.db.rows import COPY_FROM, insert_rows, update_rows
from shared.db.together import insert_new, insert_new_together, insert_together

__all__ = [
    "COMMAND_SECONDS",
    "COPY_FROM",
    "Prepared",
    "Row",
    "create_engine",
    "database_url",
    "fetch",
    "insert_new",
    "insert_new_together",
    "insert_rows",
    "insert_together",
    "owner_name",
    "role_name",
    "schema_of",
    "update_rows",
]
