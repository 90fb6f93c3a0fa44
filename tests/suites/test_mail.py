"""The channel `email` keeps what every channel promises, in its raw form."""

from base64 import b64encode
from typing import Any, ClassVar, Final

from services.intake.plugins.email import channel
from shared.testing.contracts import ChannelContract

MAIL: Final = (
    b"From: =?gb2312?B?zfW3vA==?= <wang@example.org>\r\nTo: service@example.com\r\nMessage-ID: <1@example.org>\r\n"
    b"Subject: =?utf-8?B?5Zue5aSN77ya56m66LCD5Z2P5LqG?=\r\nIn-Reply-To: <0@example.com>\r\n"
    b"Content-Type: text/plain; charset=gb2312\r\n\r\n"
) + "空调不制冷，要求换货\r\n\r\n> 旧文字".encode("gbk")
RAW: Final[dict[str, Any]] = {
    "raw": b64encode(MAIL).decode(),
    "received_at": "2026-11-23T10:15:00+08:00",
    "mailbox": "service@example.com",
    "attachments": [],
}


class TestRawMail(ChannelContract):
    plugin = channel.plugin
    config: ClassVar[dict[str, Any]] = {"addresses": ["notice@example.com"]}
    samples = (
        (
            RAW,
            {
                "text": "空调不制冷，要求换货",
                "customer.name": "王芳",
                "customer.email": "wang@example.org",
                "details.subject": "空调坏了",
                "thread.answers.0": "0@example.com",
            },
        ),
    )
    unreadable = (
        {"raw": "?", "received_at": "2026-11-23T10:15:00+08:00"},
        {"raw": RAW["raw"]},
        {"raw": "", "received_at": "x"},
    )
