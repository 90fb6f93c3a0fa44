"""What a service process imports, and what its libraries do without there."""

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from shared.cli.preload import absent

NOBODYS = ("rich", "pygments", "uvicorn", "alembic", "mako", "services")
"""What no process has only because it is one of the suite's."""


def imported_by(statements: str) -> Sequence[str]:
    """Return the packages that a process of its own has after `statements`."""
    tell = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    ran = subprocess.run([sys.executable, "-c", f"{statements}\n{tell}"], capture_output=True, text=True, check=True)
    packages: list[str] = json.loads(ran.stdout)
    return packages


@pytest.mark.slow
def test_what_all_services_share_brings_along_nothing_that_none_uses() -> None:
    """Each of these was megabytes of every process (issue 4)."""
    packages = imported_by("from shared.cli.preload import preload; preload()")
    assert {"structlog", "faststream", "sqlalchemy", "pydantic"} <= set(packages)
    assert [name for name in NOBODYS if name in packages] == []


@pytest.mark.slow
def test_who_draws_or_serves_imports_as_ever_afterwards() -> None:
    """A plugin may want what the suite's own libraries did without."""
    packages = imported_by("from shared.cli.preload import preload; preload(); import rich.console, uvicorn")
    assert {"rich", "uvicorn"} <= set(packages)


def test_a_package_is_absent_inside_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside, it cannot be imported; afterwards it can, and what was imported before is never touched."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with absent("this", "json"):
        with pytest.raises(ModuleNotFoundError):
            __import__("this")
        assert sys.modules["json"] is json
    assert "this" not in sys.modules
    assert sys.modules["json"] is json
