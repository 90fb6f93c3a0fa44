"""The installed services as the command line sees them: by name from the entry points, loaded only when needed."""

from collections.abc import Sequence

from shared.cli.errors import CliError, WrongUse
from shared.cli.installed import service_names
from shared.service import Service, UnknownServiceError, find_service


def load_service(name: str) -> Service:
    """Return the service; `WrongUse` where none has that name, `CliError` where its code does not load."""
    try:
        return find_service(name)
    except UnknownServiceError as error:
        raise WrongUse(str(error)) from error
    except Exception as error:
        raise CliError(f"the service {name} does not load: {type(error).__name__}: {error}") from error


def load_services(names: Sequence[str] | None = None) -> list[Service]:
    """Return the services `names`, all installed ones for None."""
    return [load_service(name) for name in (service_names() if names is None else names)]
