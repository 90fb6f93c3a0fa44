"""Why a contact did not come onto the bus; each says in one sentence what its sender can do."""


class AdapterError(Exception):
    """An adapter cannot do what it was asked to do."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class BusAway(AdapterError):
    """The message bus did not acknowledge in time: the same contact with the same id may be sent again at any time."""


class TooLarge(AdapterError):
    """The contact is larger than the message bus takes."""


class RefusedByBus(AdapterError):
    """The message bus refuses this contact, and would refuse it again."""
