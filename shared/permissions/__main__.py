"""`python -m shared.permissions [--check]`: write `deploy/nats/permissions.conf`, or tell that it drifted."""

import argparse
import sys
from pathlib import Path
from typing import Final

from shared.permissions.server_config import PERMISSIONS_FILE, permissions_text
from shared.permissions.users import installed_users

FILE: Final = Path(__file__).parents[2] / "deploy" / "nats" / PERMISSIONS_FILE


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 done or as it should be, 1 with one sentence on standard error where it drifted."""
    parser = argparse.ArgumentParser(prog="python -m shared.permissions", description="What NATS lets each user do.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the file is not as generated")
    wanted = permissions_text(installed_users())
    if not parser.parse_args(arguments).check:
        FILE.write_text(wanted, encoding="utf-8")
        return 0
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != wanted:
        sys.stderr.write("What NATS lets each user do drifted from the code: run `python -m shared.permissions`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
