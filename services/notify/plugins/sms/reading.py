"""How the answer of a provider is read: by its status, and by one place in its JSON (RFC 6901)."""

from typing import Any, Final

from pydantic import Field

from services.notify.plugins.sms.verdicts import by_status, told
from services.notify.ports import Outcome, Rejected, Retry, Sent, Unknown
from shared.outbound import Answer
from shared.plugins import Config

POINTER: Final = r"^(/[^/]*)*$"
LONGEST_REFERENCE: Final = 200


class AnswerOf(Config):
    """What an answer with a 2xx says. Without `pointer` every one takes the message."""

    pointer: str | None = Field(default=None, pattern=POINTER)
    """Where the provider's code stands, as `/code` or `/result/0/status`."""
    taken: tuple[str, ...] = ("0",)
    """Codes that take the message; `true` and numbers are compared as they are written in JSON."""
    later: tuple[str, ...] = ()
    """Codes that refuse it for now: too often, no money."""
    no_such_number: tuple[str, ...] = ()
    """Codes that end the address."""
    unknown: tuple[str, ...] = ()
    """Codes of the provider's own trouble: it may have been taken."""
    reference: str | None = Field(default=None, pattern=POINTER)
    """Where the provider's name for the message stands, for receipts."""

    def outcome(self, answer: Answer) -> Outcome:
        """Return what `answer` means; another code than those named refuses for good, none at all leaves it unknown."""
        value = answer.json()
        code = None if self.pointer is None else _written(found(value, self.pointer))
        if code is not None and (verdict := self._refused(code)):
            return verdict
        if not answer.taken:
            return by_status(answer.status)
        if self.pointer is None or code in self.taken:
            return Sent(self._reference(value))
        return Unknown("an answer without a code") if code is None else Rejected(f"refused with {told(code)}")

    def _refused(self, code: str) -> Outcome | None:
        """Return what a code that is named says, whatever the status; None for another one and for those that take."""
        reason = f"refused with {told(code)}"
        if code in self.later:
            return Retry(reason)
        if code in self.no_such_number:
            return Rejected(reason, address=True)
        return Unknown(f"answered with {told(code)}") if code in self.unknown else None

    def _reference(self, value: Any) -> str | None:
        given = _written(found(value, self.reference)) if self.reference is not None else None
        return given[:LONGEST_REFERENCE] if given else None


def found(value: Any, pointer: str) -> Any:
    """Return what is at `pointer`, None where there is nothing."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and len(name) < 6 and int(name) < len(value):  # noqa: PLR2004
            value = value[int(name)]
        else:
            return None
    return value


def _written(value: Any) -> str | None:
    """Return a string, a number or a truth value as JSON writes it; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
