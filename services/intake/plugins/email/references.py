"""The attachments of a contact: the references that the adapter got for the parts, and by name what has none."""

from collections.abc import Mapping
from typing import Any, Final

from services.intake.plugins.email.names import kind_of, safe_name
from services.intake.plugins.email.parts import Part

MOST: Final = 120
_BY_MAIL: Final = "email"


def attachments_of(parts: tuple[Part, ...], references: Any) -> list[dict[str, Any]]:
    """Return one entry for each part and each reference, in the order of the mail; a part without a reference says so."""
    given = (
        [dict(one) for one in references if isinstance(one, Mapping)] if isinstance(references, list | tuple) else []
    )
    by_part = {str(one.get("part")): one for one in given if one.get("part") is not None}
    found = [_entry(part, by_part.pop(part.number, None)) for part in parts]
    beside = [one for one in given if one.get("part") is None or str(one["part"]) in by_part]
    return [*found, *(_named(one) for one in beside)][:MOST]


def _entry(part: Part, reference: dict[str, Any] | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": kind_of(part.media_type), "name": part.name, "how_obtained": _BY_MAIL}
    if reference is None:
        return plain | {"media_type": part.media_type, "stored": False}
    return plain | {"inline": part.inline} | _named(reference, part.name)


def _named(reference: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Return a reference with the texts that a contact needs, whatever stands in it."""
    media_type = reference.get("media_type")
    kind, told = reference.get("kind"), reference.get("name")
    return reference | {
        "kind": kind if isinstance(kind, str) and kind else kind_of(media_type if isinstance(media_type, str) else ""),
        "name": safe_name(told, "", "0") if isinstance(told, str) and told else name or "attachment",
        "how_obtained": _BY_MAIL,
    }
