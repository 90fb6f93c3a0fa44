"""WeCom 企业微信: a message to an application or to customer service 微信客服, or the generic form.

    {"xml": "<xml>…</xml>"}         a message to an application, as it is pushed, after its decryption
                                    (developer.work.weixin.qq.com/document/path/90239)
    {"message": {"msgid": "…", "open_kfid": "wk…", "external_userid": "wm…", "send_time": 1615478585, "origin": 3,
                 "msgtype": "text", "text": {"content": "…"}}}
                                    a message to customer service, as `kf/sync_msg` gives it
                                    (developer.work.weixin.qq.com/document/path/94670)

The sender's userid or external_userid is the address for answers and identifies the customer.
"""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.generic import read_form
from services.intake.plugins.wechat import read_pushed
from services.intake.plugins.wecom_message import form_of_message
from services.intake.ports import Reading, Unreadable, storable
from shared.events import Fault
from shared.plugins import Plugin


class WecomChannel:
    """Reads both raw forms and the generic one."""

    name = "wecom"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        if "message" not in data:
            return read_pushed(data)
        message = data["message"]
        if not isinstance(message, Mapping):
            return Unreadable("the message cannot be read", (Fault("message", "must be an object"),))
        form = form_of_message(message)
        return form if isinstance(form, Unreadable) else read_form(storable(form))


plugin = Plugin(
    kind="channel",
    name="wecom",
    api=1,
    summary="Messages to a WeCom application or customer service",
    build=lambda _setup: WecomChannel(),
)
