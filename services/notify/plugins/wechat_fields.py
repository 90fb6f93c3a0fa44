"""What stands in the fields of a WeChat template message, within the limits of each kind of field.

The kind of a field is its name without the number (`thing4`, `time2`); limits: "参数值内容限制说明" in
developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html. One that breaks them is
refused with 47003, so it is cut before.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from services.notify.plugins.parts import part_of
from services.notify.ports import Outbound
from shared.plugins import Config

Source = Literal["subject", "text", "work_order", "purpose", "time", "fixed"]
ELLIPSIS: Final = "…"
LONGEST: Final = 200
"""Characters of a field whose kind has no limit that is known."""
_LIMITS: Final[Mapping[str, int]] = {
    "thing": 20,
    "const": 20,
    "name": 10,
    "phrase": 5,
    "character_string": 32,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "phone_number": 17,
    "car_number": 8,
}
_EXACT: Final = frozenset({"character_string", "number", "letter", "symbol", "phone_number", "car_number"})
"""Kinds in which an ellipsis is not allowed."""
_CHARACTER: Final = re.compile(r"[^!-~]")
_HAN: Final = re.compile(r"[^\u3400-\u9fff]")
_SPACE: Final = re.compile(r"[\x00-\x20\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


class FieldOf(Config):
    """Where the value of one field comes from; `value` for a fixed one."""

    source: Source = "fixed"
    """Which part of the message stands there."""
    value: str = Field(default="", max_length=LONGEST)
    """The text of a fixed one."""


def value_of(name: str, field: FieldOf, out: Outbound, at: datetime) -> str:
    """Return what stands in the field `name`, within its limits; never empty: the vendor refuses that."""
    match field.source:
        case "time":
            text = f"{at:%Y-%m-%d %H:%M:%S}"
        case "fixed":
            text = field.value
        case part:
            text = part_of(part, out) or ""
    return fitted(kind_of(name), text) or "-"


def kind_of(name: str) -> str:
    """Return the kind of the field: its name without the number at its end."""
    return name.rstrip("0123456789")


def fitted(kind: str, text: str) -> str:
    """Return `text` as a field of this kind may hold it: in one line, of its characters, not too long."""
    line = _SPACE.sub(" ", text).strip()
    if kind == "phrase":
        line = _HAN.sub("", line)
    elif kind in _EXACT:
        line = _CHARACTER.sub("", line)
    most = _LIMITS.get(kind, LONGEST)
    if len(line) <= most:
        return line
    return line[:most] if kind in _EXACT or kind == "phrase" else line[: most - 1].rstrip() + ELLIPSIS
