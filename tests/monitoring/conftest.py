"""Where Prometheus and Alertmanager cannot be had, the tests of this folder are not collected, and the end says why."""

from pathlib import Path

import pytest

from tests.monitoring.binaries import why_missing


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the test files out, without a trace in the figures, where what they test against is not there."""
    return True if collection_path.name.startswith("test_") and why_missing() is not None else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line why they were left out; `make test` is too quiet for a header."""
    if (why := why_missing()) is not None:
        terminalreporter.line(f"tests/monitoring was left out: {why}")
