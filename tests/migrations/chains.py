"""Chains for tests: those that are installed, cut off at a revision, or continued by revisions that a test writes."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shared.provision.chain import FILE, Chain, chain_of, suite_chain
from shared.service import Service, installed_services

SERVICES = installed_services()
CHAINS: dict[str, Chain] = {"suite": suite_chain()} | {
    name: chain_of(name, service.migrations) for name, service in SERVICES.items()
}


def chain_with(service: Service) -> Chain:
    """Return the chain of `service`."""
    return chain_of(service.name, service.migrations)


def until(service: Service, revision: str, folder: Path) -> Service:
    """Return `service` as it was at `revision`, its migrations copied to `folder`."""
    old = folder / f"{service.name}-{revision}"
    old.mkdir()
    for path in service.migrations[0].iterdir():
        found = FILE.fullmatch(path.name)
        if found and found[1] <= revision:
            shutil.copy(path, old)
    return replace(service, migrations=(old,))


@dataclass(frozen=True, slots=True)
class Next:
    """Revisions of `service` that come after its own, as a version that is still to come will have them."""

    service: Service
    folder: Path

    def write(self, *upgrade: str, marks: Sequence[str] = (), says: str = "what a test wants") -> Service:
        """Write one more revision, whose `upgrade` has these lines; return the service that has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        before = chain_of(self.service.name, (*self.service.migrations, self.folder)).head
        number = f"{int(before or 0) + 1:04}"
        head = f'"""{says.capitalize()}."""\n\nimport sqlalchemy as sa\n\nrevision = "{number}"\ndown_revision = "{before}"\n'
        body = "".join(f"    {line}\n" for line in upgrade)
        marked = "".join(f"{mark}\n" for mark in marks)
        (self.folder / f"r{number}_next.py").write_text(f"{head}{marked}\n\ndef upgrade(op):\n{body}", encoding="utf-8")
        return replace(self.service, migrations=(*self.service.migrations, self.folder))
