"""Weibo 微博: a direct message 私信 to the house's account, as the vendor pushes it, or the generic form.

    {"push": {"type": "text", "receiver_id": 1902538057, "sender_id": 2489518277,
              "created_at": "Mon Jul 16 18:09:20 +0800 2012", "text": "…", "data": {}}}

Its form: open.weibo.com/wiki, "消息推送服务" and "接收普通消息". The customer's uid is the address for answers and
identifies the customer.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading, Unreadable, storable
from shared.events import Fault
from shared.plugins import Plugin

KINDS: Final = ("text", "position", "voice", "image")
"""The kinds of push that are a message of a customer; `event` and `mention` are none."""
OBTAINED: Final = "sent by the customer; named by the vendor's file id, not fetched"
_WORDLESS: Final[Mapping[str, str]] = {"position": "[位置]", "voice": "[语音]", "image": "[图片]", "text": "[空消息]"}
_ENDINGS: Final[Mapping[str, str]] = {"voice": "amr", "image": "jpg"}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOMENT: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d?) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})", re.ASCII
)


class WeiboChannel:
    """Reads pushes of text, position, voice and image, and the generic form."""

    name = "weibo"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        if "push" not in data:
            return read_form(prepared(data))
        push = data["push"]
        if not isinstance(push, Mapping):
            return Unreadable("the push cannot be read", (Fault("push", "must be an object"),))
        form = form_of_push(push)
        return form if isinstance(form, Unreadable) else read_form(storable(form))


def form_of_push(push: Mapping[str, Any]) -> dict[str, Any] | Unreadable:
    """Return the generic form of a pushed direct message; `Unreadable` where it is none."""
    kind, sender = push.get("type"), uid(push.get("sender_id"))
    at = moment(push.get("created_at"))
    faults = []
    if not isinstance(kind, str) or kind not in KINDS:
        faults.append(Fault("push.type", "is none that can be read"))
    if sender is None:
        faults.append(Fault("push.sender_id", "must be the sender's number"))
    if at is None:
        faults.append(Fault("push.created_at", "must be a time like Mon Jul 16 18:09:20 +0800 2012"))
    if faults or not isinstance(kind, str):
        return Unreadable("the push is no direct message that can be read", tuple(faults))
    written = push.get("text")
    data = push.get("data")
    more: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    return {
        "occurred_at": at,
        "text": (written.strip() if isinstance(written, str) else "") or _WORDLESS[kind],
        "details": {
            "message_type": kind,
            "account": uid(push.get("receiver_id")) or "",
            "openid": sender,
            "reply_to": sender,
        }
        | _place(kind, more),
        "attachments": _files(kind, sender, more),
    }


def uid(value: Any) -> str | None:
    """Return a user's number as a text, whether the push has it as a number or as one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return text if re.fullmatch(r"[0-9]{1,20}", text, re.ASCII) else None


def moment(written: Any) -> str | None:
    """Return the moment in `Mon Jul 16 18:09:20 +0800 2012` as RFC 3339; None for what is none."""
    found = _MOMENT.fullmatch(written) if isinstance(written, str) else None
    if found is None or found[1] not in _MONTHS:
        return None
    month, day, hour, minute, second, sign, hours, minutes, year = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(offset if sign == "+" else -offset)
        at = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None
    return at.isoformat()


def _place(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if kind != "position":
        return {}
    return {"location": {"latitude": data.get("latitude"), "longitude": data.get("longitude")}}


def _files(kind: str, sender: str | None, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the file that came with the push, by the id under which the receiver may see it: nothing is fetched."""
    file = uid(data.get("tovfid")) or uid(data.get("vfid"))
    if kind not in _ENDINGS or file is None:
        return []
    name = f"{kind}-{sender}-{file}.{_ENDINGS[kind]}"
    return [{"kind": kind, "name": name, "how_obtained": OBTAINED, "media_id": file}]


plugin = Plugin(
    kind="channel",
    name="weibo",
    api=1,
    summary="Direct messages on Weibo",
    build=lambda _setup: WeiboChannel(),
)
