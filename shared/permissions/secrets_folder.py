"""The secrets of a deployment as files that only their owner can read: seeds of the NATS users, passwords of the roles.

    nats/intake.nk            the seed that intake's processes show
    nats/intake.old.nk        the one before it, while a rotation is under way
    nats/users.conf           everybody's public keys, for the server; no secret
    postgres/intake.password  the password of intake's role

What is there is never overwritten; a rotation keeps the old key valid until it is retired.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.nkey import NotASeedError, new_seed, public_key
from shared.permissions.server_config import USERS_FILE, users_text

PASSWORD_BYTES = 32
_SEED, _OLD, _PASSWORD = ".nk", ".old.nk", ".password"


class SecretsFolderError(Exception):
    """The folder cannot be changed that way."""


class SecretsFolder:
    """The folder at `root` for these `users` of NATS and these `services` with a role in PostgreSQL."""

    def __init__(self, root: Path, users: Iterable[str], services: Iterable[str]) -> None:
        self._nats = root / "nats"
        self._postgres = root / "postgres"
        self._users = tuple(users)
        self._services = tuple(services)

    def complete(self) -> list[str]:
        """Make what is missing; return a line for each file that was made or changed."""
        for folder in (self._nats.parent, self._nats, self._postgres):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        wanted = [(self._seed(user), new_seed) for user in self._users]
        wanted += [(password_file(self._postgres, service), _new_password) for service in self._services]
        missing = [(path, make) for path, make in wanted if not path.exists()]
        for path, make in missing:
            _write(path, make())
        return [f"{path} made" for path, _ in missing] + self._tell_server()

    def rotate_key(self, user: str) -> list[str]:
        """Give `user` a new key beside the one it has, which stays valid."""
        seed, old = self._seed(self._known(user, self._users)), self._old(user)
        if old.exists():
            raise SecretsFolderError(f"{user} has two keys already: retire the old one first")
        if not seed.exists():
            raise SecretsFolderError(f"{user} has no key yet: there is no {seed}")
        seed.rename(old)
        _write(seed, new_seed())
        return [f"{seed} is new; {old} stays valid until it is retired", *self._tell_server()]

    def retire_key(self, user: str) -> list[str]:
        """Take the old key of `user` out: whoever still shows it is refused once the server has read users.conf."""
        old = self._old(self._known(user, self._users))
        if not old.exists():
            raise SecretsFolderError(f"{user} has no old key: rotate first")
        old.unlink()
        return [f"{old} retired", *self._tell_server()]

    def rotate_password(self, service: str) -> list[str]:
        """Give the role of `service` a new password, which holds once `yingda provision` has set it."""
        path = password_file(self._postgres, self._known(service, self._services))
        _write(path, _new_password())
        return [f"{path} is new: run `yingda provision` and restart {service}"]

    def _tell_server(self) -> list[str]:
        path = self._nats / USERS_FILE
        wanted = users_text({user: list(self._keys(user)) for user in self._users})
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            return []
        _write(path, wanted, mode=0o644)
        return [f"{path} written: let the NATS servers read it (SIGHUP)"]

    def _keys(self, user: str) -> Iterator[str]:
        for path in (self._seed(user), self._old(user)):
            if path.exists():
                try:
                    yield public_key(path.read_text(encoding="ascii"))
                except (NotASeedError, UnicodeDecodeError):
                    raise SecretsFolderError(f"there is no seed of an nkey in {path}") from None

    def _seed(self, user: str) -> Path:
        return self._nats / f"{user}{_SEED}"

    def _old(self, user: str) -> Path:
        return self._nats / f"{user}{_OLD}"

    @staticmethod
    def _known(name: str, known: Iterable[str]) -> str:
        if name not in known:
            raise SecretsFolderError(f"there is no {name}; there are {', '.join(known)}")
        return name


def password_file(folder: Path, service: str) -> Path:
    """Return where the password of the role of `service` stands."""
    return folder / f"{service}{_PASSWORD}"


def _new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file that nobody ever sees half written, nor with wider rights than `mode`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else f"{text}\n")
        os.fchmod(file.fileno(), mode)  # whatever the umask
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
