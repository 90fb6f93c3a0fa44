"""`python -m shared.contract [--check] [--directory DIR]`: write the contract's files, or tell which ones drifted."""

import argparse
import sys
from pathlib import Path

from shared.contract.files import DIRECTORY, drifted, write


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 done or all as it should be, 1 with one sentence on standard error where files drifted."""
    parser = argparse.ArgumentParser(prog="python -m shared.contract", description="Generate the contract's files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is not as generated")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where the files are (docs/contract)")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.directory)
        return 0
    if wrong := drifted(options.directory):
        names = ", ".join(map(str, wrong))
        sys.stderr.write(f"The contract drifted from the code in {names}: run `python -m shared.contract`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
