"""WeCom's interface for customer service, as the vendor documents it: tokens, and messages in pages after a cursor."""

from dataclasses import dataclass, field
from typing import Any, Final

from tests.vendor_server import Asked, Reply

KF: Final[dict[str, Any]] = {
    "open_kfid": "wk1",
    "external_userid": "wm1",
    "send_time": 1615478585,
    "origin": 3,
    "msgtype": "text",
}


@dataclass
class CustomerService:
    """WeCom's interface: messages in the order in which they came, given out in pages."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    page: int = 2
    good: str = "token-1"
    troubles: list[Reply] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    event_tokens: set[str] = field(default_factory=set)

    def came(self, *texts: str, **more: Any) -> None:
        for text in texts:
            number = len(self.messages)
            self.messages.append({**KF, "msgid": f"m{number}", "text": {"content": text}, **more})

    def answer(self, asked: Asked) -> Reply:
        if self.troubles:
            return self.troubles.pop(0)
        if asked.path == "/cgi-bin/gettoken":
            assert asked.query == {"corpid": "ww1", "corpsecret": "kf-secret"}
            return Reply(value={"errcode": 0, "access_token": self.good, "expires_in": 7_200})
        assert asked.path == "/cgi-bin/kf/sync_msg"
        if asked.query["access_token"] != self.good:
            return Reply(value={"errcode": 42001, "errmsg": "access_token expired"})
        wanted = asked.json()
        self.cursors.append(wanted.get("cursor", ""))
        self.event_tokens.add(wanted.get("token", ""))
        start = int(wanted.get("cursor", "c0")[1:])
        end = min(start + self.page, len(self.messages))
        more = int(end < len(self.messages))
        return Reply(
            value={
                "errcode": 0,
                "next_cursor": f"c{end}",
                "has_more": more,
                "msg_list": self.messages[start:end],
            }
        )
