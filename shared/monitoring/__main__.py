"""`python -m shared.monitoring [--check]`: write dashboards and rules, or tell which ones drifted."""

import argparse
import sys

from shared.monitoring.files import drifted, write


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 done or all as it should be, 1 with one sentence on standard error where files drifted."""
    parser = argparse.ArgumentParser(prog="python -m shared.monitoring", description="Dashboards and alert rules.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is not as generated")
    if not parser.parse_args(arguments).check:
        write()
        return 0
    if wrong := drifted():
        names = ", ".join(map(str, wrong))
        sys.stderr.write(f"The monitoring drifted from the code in {names}: run `python -m shared.monitoring`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
