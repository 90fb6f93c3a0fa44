"""The generic form of a message to WeCom's customer service 微信客服."""

from collections.abc import Mapping
from typing import Any, Final

from services.intake.plugins.wechat_message import OBTAINED, moment
from services.intake.ports import Unreadable
from shared.events import Fault

CUSTOMER: Final = 3
"""The `origin` of what the customer sent; 4 is an event, 5 what a member of staff answered."""
_MEDIA: Final[Mapping[str, tuple[str, str]]] = {
    "image": ("[图片]", "jpg"),
    "voice": ("[语音]", "amr"),
    "video": ("[视频]", "mp4"),
    "file": ("[文件]", "bin"),
}
_SAID: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "text": ("", ("content",)),
    "location": ("[位置]", ("name", "address")),
    "link": ("[链接]", ("title", "desc", "url")),
    "miniprogram": ("[小程序]", ("title",)),
    "business_card": ("[名片]", ()),
}
"""What stands in front, and the fields that are told in words."""


def form_of_message(message: Mapping[str, Any]) -> dict[str, Any] | Unreadable:
    """Return the generic form of a message to customer service; `Unreadable` where no customer sent it."""
    kind, sender = message.get("msgtype"), message.get("external_userid")
    at = moment(str(message.get("send_time", "")))
    faults = []
    if message.get("origin") != CUSTOMER:
        faults.append(Fault("message.origin", f"must be {CUSTOMER}: sent by the customer"))
    if not isinstance(kind, str) or (kind not in _MEDIA and kind not in _SAID):
        faults.append(Fault("message.msgtype", "is none that can be read"))
    if not isinstance(sender, str) or not sender.strip():
        faults.append(Fault("message.external_userid", "is missing"))
    if at is None:
        faults.append(Fault("message.send_time", "must be seconds since 1970"))
    if faults or not isinstance(kind, str) or not isinstance(sender, str):
        return Unreadable("the message is none of a customer that can be read", tuple(faults))
    part = message.get(kind)
    content: Mapping[str, Any] = part if isinstance(part, Mapping) else {}
    details: dict[str, Any] = {
        "message_type": kind,
        "account": message.get("open_kfid") or "",
        "openid": sender.strip(),
        "reply_to": sender.strip(),
    }
    if kind == "location":
        details["location"] = {name: content.get(name) for name in ("latitude", "longitude", "name", "address")}
    return {
        "occurred_at": at,
        "text": _text(kind, content),
        "details": details,
        "attachments": _files(kind, message, content),
    }


def _text(kind: str, content: Mapping[str, Any]) -> str:
    if kind in _MEDIA:
        return _MEDIA[kind][0]
    mark, names = _SAID[kind]
    told = (content.get(name) for name in names)
    words = [text for value in told if isinstance(value, str) and (text := value.strip())]
    return "\n".join([*filter(None, [mark]), *words]) or "[空消息]"


def _files(kind: str, message: Mapping[str, Any], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the file that came with the message, by its media id: nothing is fetched."""
    media = content.get("media_id")
    if kind not in _MEDIA or not isinstance(media, str) or not media:
        return []
    name = f"{kind}-{message.get('msgid') or message.get('send_time')}.{_MEDIA[kind][1]}"
    return [{"kind": kind, "name": name, "how_obtained": OBTAINED, "media_id": media}]
