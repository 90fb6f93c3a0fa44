"""WeChat 公众号: a message to the official account, as the vendor pushes it, or the generic form.

    {"xml": "<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</FromUserName><CreateTime>1348831860</CreateTime>…"}

`xml` is the push after its decryption. Its form: developers.weixin.qq.com/doc/offiaccount/Message_Management
(Receiving_standard_messages). The customer's openid is the address for answers and identifies the customer.
"""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.generic import prepared, read_form
from services.intake.plugins.push_xml import PushXmlError, read_push
from services.intake.plugins.wechat_message import form_of_push
from services.intake.ports import Reading, Unreadable, storable
from shared.events import Fault
from shared.plugins import Plugin


class WechatChannel:
    """Reads pushes of text, image, voice, video, location and link, and the generic form."""

    name = "wechat"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        return read_pushed(data)


def read_pushed(data: Mapping[str, Any]) -> Reading:
    """Return the contact in a push that stands in `xml`; without one, in the generic form."""
    if "xml" not in data:
        return read_form(prepared(data))
    xml = data["xml"]
    if not isinstance(xml, str):
        return Unreadable("the push cannot be read", (Fault("xml", "must be a text"),))
    try:
        push = read_push(xml)
    except PushXmlError as error:
        return Unreadable(f"the push cannot be read: {error}", (Fault("xml", str(error)),))
    form = form_of_push(push)
    return form if isinstance(form, Unreadable) else read_form(storable(form))


plugin = Plugin(
    kind="channel",
    name="wechat",
    api=1,
    summary="Messages to the WeChat official account",
    build=lambda _setup: WechatChannel(),
)
