"""`make check`: format, lint, types, and the tests that need no server, side by side; under 30 seconds."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent
HOUSE = {"shared", "__init__.py", "__pycache__"}
"""What of `tests/unit` is no service."""
_PYTEST: list[Path | str] = [sys.executable, "-m", "pytest", "-q", "-m", "not slow"]
STEPS: dict[str, list[Path | str]] = {  # the longest first: two run side by side
    "services": [*_PYTEST, *sorted(path for path in Path("tests/unit").iterdir() if path.name not in HOUSE)],
    "house": [*_PYTEST, "tests/architecture", "tests/unit/shared"],
    "types": [BIN / "mypy"],
    "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "lint": [BIN / "ruff", "check", "--quiet", "."],
    "contract": [sys.executable, "-m", "shared.contract", "--check"],
    "monitoring": [sys.executable, "-m", "shared.monitoring", "--check"],
    "handbook": [sys.executable, "-m", "tests.handbook.coverage", "--check"],
    "plugins": [sys.executable, "-m", "tests.checklist", "--check"],
}


def run(name: str) -> tuple[str, subprocess.CompletedProcess[str], float]:
    """Run one step; return its name, how it ended, and its seconds."""
    began = time.monotonic()
    quick = os.environ | {"YINGDA_TEST_EXAMPLES": "10"}
    done = subprocess.run([str(part) for part in STEPS[name]], capture_output=True, text=True, check=False, env=quick)
    return name, done, time.monotonic() - began


def main() -> int:
    """Run all steps, print what failed in full, and return 1 if anything did."""
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, done, seconds in pool.map(run, STEPS):
            failed |= done.returncode != 0
            print(f"{name:8} {'ok' if done.returncode == 0 else 'FAILED'}  {seconds:.1f} s")
            if done.returncode != 0:
                print(done.stdout + done.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
