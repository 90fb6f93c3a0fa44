"""The names of the installed services, without importing any of them."""

from importlib.metadata import entry_points

SERVICES = "yingda.services"  # `shared.service` says the same, but takes a second to import


def service_names() -> tuple[str, ...]:
    """Return the names of the installed services, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=SERVICES)}))
