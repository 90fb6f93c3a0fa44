"""The generic form of a message that WeChat or WeCom pushes."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from services.intake.ports import Unreadable
from shared.events import Fault

OBTAINED: Final = "sent by the customer; named by the vendor's media id, not fetched"
_SECONDS: Final = re.compile(r"[0-9]{9,10}")
_MEDIA: Final[Mapping[str, tuple[str, str]]] = {
    "image": ("[图片]", "jpg"),
    "voice": ("[语音]", "amr"),
    "video": ("[视频]", "mp4"),
    "shortvideo": ("[小视频]", "mp4"),
}
"""What stands in the text for what is not one, and the usual ending of the file's name."""


def form_of_push(push: Mapping[str, str]) -> dict[str, Any] | Unreadable:
    """Return the generic form of a pushed message; `Unreadable` where it is none, or of a kind that is not documented."""
    kind, sender = push.get("MsgType", ""), push.get("FromUserName", "").strip()
    faults = [Fault(name, "is missing") for name in ("FromUserName", "MsgType", "CreateTime") if not push.get(name)]
    if faults:
        return Unreadable("the push cannot be read", tuple(faults))
    at = moment(push["CreateTime"])
    if at is None:
        return Unreadable("the push cannot be read", (Fault("CreateTime", "must be seconds since 1970"),))
    said = text_of(kind, push)
    if said is None:
        return Unreadable("the push is no message of a customer", (Fault("MsgType", "is none that can be read"),))
    return {
        "occurred_at": at,
        "text": said,
        "details": details_of(kind, push) | {"openid": sender, "reply_to": sender},
        "attachments": attachments_of(kind, push),
    }


def moment(seconds: str) -> str | None:
    """Return the moment that is `seconds` after the beginning of 1970, as RFC 3339; None for what is no such number."""
    if not _SECONDS.fullmatch(seconds.strip()):
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def text_of(kind: str, push: Mapping[str, str]) -> str | None:
    """Return what the customer said, in words; None for a kind of push that is no message."""
    if kind in _MEDIA:
        return push.get("Recognition", "").strip() or _MEDIA[kind][0]
    words = _WORDS.get(kind)
    return None if words is None else words(push)


def _written(push: Mapping[str, str]) -> str:
    return push.get("Content", "").strip() or "[空消息]"


def _place(push: Mapping[str, str]) -> str:
    where = push.get("Label", "").strip() or f"{push.get('Location_X', '')},{push.get('Location_Y', '')}"
    return f"[位置] {where}"


def _link(push: Mapping[str, str]) -> str:
    parts = (push.get(name, "").strip() for name in ("Title", "Description", "Url"))
    return "\n".join(["[链接]", *filter(None, parts)])


def _file(push: Mapping[str, str]) -> str:
    return f"[文件] {push.get('Title', '').strip()}".strip()


_WORDS: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "text": _written,
    "location": _place,
    "link": _link,
    "file": _file,
}


def details_of(kind: str, push: Mapping[str, str]) -> dict[str, Any]:
    """Return what else the push tells, under the names of the generic form."""
    details: dict[str, Any] = {"message_type": kind, "account": push.get("ToUserName", "")}
    if kind == "location":
        details["location"] = {
            "latitude": push.get("Location_X"),
            "longitude": push.get("Location_Y"),
            "label": push.get("Label"),
        }
    if push.get("AgentID"):
        details["wecom_agent_id"] = push["AgentID"]
    return details


def attachments_of(kind: str, push: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the file that came with the push, by its media id: nothing is fetched."""
    media = push.get("MediaId", "").strip()
    if kind not in _MEDIA or not media:
        return []
    ending = push.get("Format", "").strip().lower() or _MEDIA[kind][1]
    found: dict[str, Any] = {
        "kind": "video" if kind == "shortvideo" else kind,
        "name": f"{kind}-{push.get('MsgId') or push['CreateTime']}.{ending if ending.isalnum() else _MEDIA[kind][1]}",
        "how_obtained": OBTAINED,
        "media_id": media,
    }
    if push.get("PicUrl"):
        found["link"] = push["PicUrl"]
    return [found]
