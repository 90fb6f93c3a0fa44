"""The house rules that can be read off the imports and the files (docs/adr/0001)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "routing", "sla", "notify", "feedback")
ROOMS = {"app", "handlers", "domain", "store", "ports", "plugins"}
ADAPTERS = {"intake": {"adapters"}}
"""A room that only the service has which takes contacts in: what brings them, in processes of its own (ADR 0038)."""
LONGEST_FILE = 400
MODULES = sorted((ROOT / "services").rglob("*.py")) + sorted((ROOT / "shared").rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of every module that `path` imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_service_has_the_same_rooms() -> None:
    """Only a service that accepts no plugins has neither ports nor plugins."""
    for service in SERVICES:
        house = ROOT / "services" / service
        rooms = {p.stem for p in house.iterdir() if p.suffix == ".py" or (p.is_dir() and (p / "__init__.py").exists())}
        assert rooms - {"__init__"} <= ROOMS | ADAPTERS.get(service, set()), f"{service} has rooms of its own"
        assert ROOMS - rooms in (set(), {"ports", "plugins"}), f"{service} lacks rooms: {ROOMS - rooms}"
        assert ast.get_docstring(ast.parse((house / "__init__.py").read_text())), f"{service} has no front door"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module begins with its docstring"


@pytest.mark.parametrize("service", SERVICES)
def test_services_never_import_one_another(service: str) -> None:
    others = [f"services.{other}" for other in SERVICES if other != service]
    for path in (ROOT / "services" / service).rglob("*.py"):
        assert not [name for name in imports(path) if within(name, *others)], relative(path)


def test_shared_never_imports_services() -> None:
    """But for the contract suites, which say what the ports promise: they see the ports and nothing else (ADR 0037)."""
    ports = [f"services.{service}.ports" for service in SERVICES]
    for path in (ROOT / "shared").rglob("*.py"):
        allowed = ports if path.is_relative_to(ROOT / "shared" / "testing" / "contracts") else []
        wrong = [name for name in imports(path) if within(name, "services") and not within(name, *allowed)]
        assert not wrong, relative(path)


@pytest.mark.parametrize("service", SERVICES)
def test_the_domain_is_pure(service: str) -> None:
    """R: domain imports only the standard library, its own domain, `shared.events`, `shared.policy`, `shared.script` and `shared.values`."""
    house = ROOT / "services" / service
    allowed = (
        f"services.{service}.domain",
        "shared.events",
        "shared.policy",
        "shared.script",
        "shared.values",
        *sys.stdlib_module_names,
    )
    forbidden = ("asyncio", "socket", "subprocess", "sqlite3", "threading", "time", "random")
    files = sorted((house / "domain").rglob("*.py")) if (house / "domain").is_dir() else [house / "domain.py"]
    assert files
    for path in files:
        for name in imports(path):
            assert within(name, *allowed), f"{relative(path)} imports {name}"
            assert not within(name, *forbidden), f"{relative(path)} imports {name}"


_OPEN = ("shared.events", "shared.plugins", "shared.outbound")
"""What every plugin may use: the messages, the kit, and the only way out by HTTP that refuses inner addresses."""


@pytest.mark.parametrize("service", SERVICES)
def test_plugins_see_only_their_ports(service: str) -> None:
    own = (f"services.{service}.ports", f"services.{service}.plugins", f"services.{service}.domain.matter")
    for path in (ROOT / "services" / service / "plugins").rglob("*.py"):
        for name in imports(path):
            if within(name, "services", "shared"):
                assert within(name, *own, *_OPEN), f"{relative(path)} imports {name}"


FORMS = tuple(f"services.intake.plugins.{name}" for name in ("email", "push_xml", "wecom_message", "weibo"))
"""What an adapter has to know of a raw form (how a mail is cut, what a push is called), its reader says."""


def test_adapters_know_the_wire_and_nothing_of_the_service() -> None:
    """An adapter publishes raw forms: it reads no table and takes no decision of intake's."""
    for path in (ROOT / "services" / "intake" / "adapters").rglob("*.py"):
        for name in imports(path):
            if within(name, "services"):
                assert within(name, "services.intake.adapters", *FORMS), f"{relative(path)} imports {name}"
            assert not within(name, "sqlalchemy", "shared.db", "shared.bus.outbox"), f"{relative(path)} imports {name}"


def test_nothing_but_entry_points_and_tests_imports_an_app() -> None:
    for path in MODULES:
        apps = [name for name in imports(path) if name.startswith("services.") and name.split(".")[-1] == "app"]
        assert not apps, relative(path)


def test_handlers_hold_no_sql_and_domains_no_clock() -> None:
    for service in SERVICES:
        house = ROOT / "services" / service
        for path in [house / "handlers.py", *(house / "handlers").rglob("*.py")]:
            if path.exists():
                sql = [n for n in imports(path) if within(n, "sqlalchemy")]
                assert all(within(n, "sqlalchemy.ext.asyncio") for n in sql), (
                    f"{relative(path)}: statements are store's"
                )
        for path in (house / "domain").rglob("*.py"):
            assert "datetime.now(" not in path.read_text(encoding="utf-8"), relative(path)
