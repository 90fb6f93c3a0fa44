"""Email 邮件, WeChat 公众号, Weibo 微博 and SMS 短信, as far as their adapters write the generic form."""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading


class _WrittenChannel:
    """Reads the generic form that an adapter makes of what the customer wrote."""

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        return read_form(prepared(data))


class EmailChannel(_WrittenChannel):
    """A mail that its adapter has read."""

    name = "email"


class WechatChannel(_WrittenChannel):
    """A message to the official account that its adapter has read."""

    name = "wechat"


class WeiboChannel(_WrittenChannel):
    """A direct message that its adapter has read."""

    name = "weibo"


class SmsChannel(_WrittenChannel):
    """An inbound short message that its adapter has read."""

    name = "sms"
