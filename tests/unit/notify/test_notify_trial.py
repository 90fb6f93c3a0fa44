"""`yingda notify test`: one message by a transport as it is configured, told in a sentence, recorded nowhere (R-NT-05)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.notify.handlers.trial import Trial, likely_channel, told
from services.notify.ports import Outcome, Rejected, Retry, Sent, Unknown
from shared.policy import Policy, load_policy
from tests.command_line import yingda, yingda_beside
from tests.unit.notify.sms_vendors import ALIYUN, SECRET, Aliyun
from tests.unit.notify.smtp_server import smtp_server
from tests.vendor_server import Reply, vendor_server

pytestmark = pytest.mark.slow  # policies are read

PHONE = "13800138000"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a policy that uses transports with settings; the environment names it and its secrets."""

    def write(used: dict[str, str], settings: dict[str, Any]) -> None:
        data: Any = load_policy().plain
        data = json.loads(json.dumps(data))
        for channel, name in used.items():
            data["notify"]["transports"]["customer"][channel] = [name]
        data["plugins"]["transports"] = settings
        file = tmp_path / "policy.yaml"
        file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")  # which is YAML, too
        monkeypatch.setenv("YINGDA_POLICY", str(file))
        monkeypatch.setenv("YINGDA_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("YINGDA_SECRET_VENDOR_SECRET", SECRET)

    return write


async def test_a_message_that_is_taken_is_told_with_the_providers_name_for_it(house: Any) -> None:
    vendor = Aliyun()
    async with vendor_server(vendor.answer) as there:
        house({"sms": "aliyun_sms"}, {"aliyun_sms": {**ALIYUN, "endpoint": there.url, "trusted_hosts": ["127.0.0.1"]}})
        outcome = await yingda_beside("notify", "test", "aliyun_sms", "--to", PHONE)
        again = await yingda_beside("notify", "test", "aliyun_sms", "--to", PHONE, "--language", "en", "--json")
    assert outcome.code == again.code == 0
    assert "aliyun_sms has taken the message to 138****8000 (its name for it: 90061^0)" in outcome.out
    assert json.loads(again.out)["outcome"] == "sent"
    assert [one.template for one in vendor.sent] == ["SMS_1", "SMS_2"]
    assert vendor.sent[0].parameters[0] == "XR20260101000"
    assert vendor.sent[0].context.startswith("test-")


async def test_a_message_that_is_refused_is_told_with_what_to_do(house: Any) -> None:
    vendor = Aliyun(code=lambda _sms: "isv.AMOUNT_NOT_ENOUGH")
    async with vendor_server(vendor.answer) as there:
        house({"sms": "aliyun_sms"}, {"aliyun_sms": {**ALIYUN, "endpoint": there.url, "trusted_hosts": ["127.0.0.1"]}})
        outcome = await yingda_beside("notify", "test", "aliyun_sms", "--to", PHONE)
    assert outcome.code == 1
    said = "aliyun_sms has not taken the message to 138****8000, and may later (refused with isv.AMOUNT_NOT_ENOUGH)"
    assert outcome.lines == [f"{said}: top up the account."]


async def test_no_answer_is_told_as_such(house: Any) -> None:
    """R-NT-04."""
    vendor = Aliyun(code=lambda _sms: Reply(trouble="cut"))
    async with vendor_server(vendor.answer) as there:
        house({"sms": "aliyun_sms"}, {"aliyun_sms": {**ALIYUN, "endpoint": there.url, "trusted_hosts": ["127.0.0.1"]}})
        outcome = await yingda_beside("notify", "test", "aliyun_sms", "--to", PHONE)
    assert outcome.code == 1
    assert "look whether it arrives before you try again" in outcome.out
    assert len(vendor.sent) == 1


async def test_an_inner_address_is_named_as_the_reason(house: Any) -> None:
    async with vendor_server(Aliyun().answer) as there:
        endpoint = there.url.replace("http:", "https:")
        house({"sms": "aliyun_sms"}, {"aliyun_sms": {**ALIYUN, "endpoint": endpoint}})
        outcome = await yingda_beside("notify", "test", "aliyun_sms", "--to", PHONE)
    assert outcome.code == 1
    assert "name the host under plugins.transports.aliyun_sms.trusted_hosts" in outcome.out
    assert there.connections == 0


async def test_a_mail_goes_to_an_address(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with smtp_server() as server:
        house({"email": "smtp"}, {})
        monkeypatch.setenv("YINGDA_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("YINGDA_SMTP_PORT", str(server.port))
        monkeypatch.setenv("YINGDA_SMTP_TLS", "none")
        outcome = await yingda_beside("notify", "test", "smtp", "--to", "wang@example.com")
    assert (outcome.code, server.recipients) == (0, ["wang@example.com"])
    assert "测试消息" in str(server.mails[0]["Subject"])


def test_transports_are_listed_with_their_state(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house({"sms": "aliyun_sms", "email": "smtp"}, {"aliyun_sms": ALIYUN})
    monkeypatch.delenv("YINGDA_SECRET_VENDOR_SECRET")
    outcome = yingda("notify", "test", "--list", "--json")
    states = {row["transport"]: row for row in json.loads(outcome.out)}
    assert outcome.code == 0
    assert states["file"]["state"] == "ready"
    assert states["webhook"]["state"] == "not used by the policy"
    assert "YINGDA_SMTP_HOST" in states["smtp"]["state"]
    assert "YINGDA_SECRET_VENDOR_SECRET" in states["aliyun_sms"]["state"]
    assert states["aliyun_sms"]["channels"] == ["sms"]
    assert "not used by the policy" in yingda("notify", "test", "--list").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "say which transport"),
        (("smtp",), 2, "say which transport"),
        (("pigeon", "--to", PHONE), 2, 'no transport "pigeon"'),
        (("file", "--to", PHONE, "--purpose", "fun"), 2, "--purpose is one of"),
        (("file", "--to", PHONE, "--language", "fr"), 2, "--language is one of"),
        (("file", "--to", PHONE, "--audience", "all"), 2, "--audience is one of"),
        (("smtp", "--to", "a@example.com"), 1, "YINGDA_SMTP_HOST"),
        (("aliyun_sms", "--to", PHONE), 1, "aliyun_sms"),
    ],
)
def test_wrong_use_and_what_is_not_configured_are_told_apart(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    outcome = yingda("notify", "test", *arguments, "--data", str(tmp_path))
    assert (outcome.code, words in outcome.err) == (code, True), outcome


def test_the_channel_follows_from_the_policy_and_the_address() -> None:
    data: Any = json.loads(json.dumps(load_policy().plain))
    data["notify"]["transports"]["customer"]["wechat"] = ["webhook"]
    policy = Policy.model_validate(data)
    assert likely_channel("file", "a@example.com", policy) == "email"
    assert likely_channel("file", PHONE, policy) == "sms"
    assert likely_channel("webhook", "o-openid", policy) == "wechat"
    assert likely_channel("smtp", "a@example.com", policy) == "email"


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("refused with LimitExceeded.PhoneNumberThirtySecondLimit", "wait"),
        ("refused with isv.BUSINESS_LIMIT_CONTROL", "wait"),
        ("refused with Throttling.User", "wait"),
        ("refused with FailedOperation.InsufficientBalanceInSmsPackage", "top up the account"),
        ("refused with AuthFailure.SignatureExpire", "check the key and this machine's clock"),
        ("refused with InvalidTimeStamp.Expired", "check the key and this machine's clock"),
        ("refused with isp.RAM_PERMISSION_DENY", "check what the key may do"),
        ("refused with UnauthorizedOperation.SmsSdkAppIdVerifyFail", "check what the key may do"),
    ],
)
def test_what_can_be_done_about_a_refusal_for_now_is_told(reason: str, remedy: str) -> None:
    """However the vendor writes it."""
    assert f": {remedy}" in told(Retry(reason), Trial("tencent_sms", "sms", PHONE, "accepted", "zh", "customer"))


@pytest.mark.parametrize(
    "outcome",
    [
        Sent("x"),
        Sent(),
        Retry("429"),
        Retry("anything"),
        Rejected("refused"),
        Rejected("no", address=True),
        Unknown("cut"),
    ],
)
def test_every_outcome_is_one_sentence_without_the_address(outcome: Outcome) -> None:
    sentence = told(outcome, Trial("http_sms", "sms", PHONE, "accepted", "zh", "customer"))
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert PHONE not in sentence
    assert "http_sms" in sentence
