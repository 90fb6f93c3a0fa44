"""The policy's transports are built at start, or the service says in one sentence why not (R-NT-05)."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from services.notify.handlers.transports import Transports, build_transports, check_transports
from services.notify.ports import Transport
from shared.plugins import UnusablesError, plugin_names
from shared.policy import Policy, load_policy
from shared.settings import Settings
from tests.unit.notify.events import NOW
from tests.unit.notify.house import Provider


def policy_with(transport: str, channel: str = "email") -> Policy:
    data = deepcopy(load_policy().plain)
    data["notify"]["transports"]["customer"][channel] = [transport]  # type: ignore[index]
    return Policy.model_validate(data)


async def test_the_default_policy_writes_to_files(tmp_path: Path) -> None:
    transports = build_transports(load_policy(), Settings(data=tmp_path), lambda: NOW)
    assert transports.names == {"file"}
    for channel in ("sms", "email"):
        assert isinstance(transports.find("file", channel), Transport)
    assert transports.find("smtp", "email") is None
    assert not transports.reads_values("file", "sms")
    await transports.close()


def test_whoever_does_not_say_otherwise_gets_the_values_of_a_message() -> None:
    """Outbound.values: for providers with templates of their own, known to us or not."""
    transports = Transports({("aliyun_sms", "sms"): Provider("aliyun_sms")})
    assert transports.reads_values("aliyun_sms", "sms")


def test_the_built_in_transports_come_in_through_the_door_of_strangers() -> None:
    assert set(plugin_names("transport")) >= {"file", "smtp", "webhook"}


def test_a_mail_server_is_used_where_the_policy_names_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, smtp_host="mail.example.com")
    assert build_transports(policy_with("smtp"), settings, lambda: NOW).names == {"file", "smtp"}


@pytest.mark.parametrize(
    ("transport", "channel", "message"),
    [
        ("pigeon", "email", 'there is no transport plugin "pigeon"; installed are: .*file, .*smtp, .*webhook'),
        ("smtp", "email", "set YINGDA_SMTP_HOST"),
        ("smtp", "sms", 'not "sms"'),
        ("webhook", "sms", "set YINGDA_WEBHOOK_URL and YINGDA_WEBHOOK_KEY"),
    ],
)
def test_what_cannot_work_is_said_of_a_policy(tmp_path: Path, transport: str, channel: str, message: str) -> None:
    with pytest.raises(UnusablesError, match=message):
        check_transports(policy_with(transport, channel), Settings(data=tmp_path))
