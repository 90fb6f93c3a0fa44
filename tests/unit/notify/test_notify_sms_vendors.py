"""The SMS transports of Aliyun and Tencent against vendors that verify, refuse, throttle and fall silent (R-NT-04, R-NT-05)."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notify.ports import Rejected, Retry, Sent, Unknown
from shared.plugins import ConfigError, PluginError
from tests.unit.notify.sms_vendors import (
    ALIYUN,
    SECRET,
    TENCENT,
    VENDORS,
    Aliyun,
    Sms,
    outbound,
    sent,
    sms,
    sms_transport,
)
from tests.vendor_server import Reply, trust, vendor_server

pytestmark = pytest.mark.slow  # servers that are silent

BOTH = pytest.mark.parametrize("name", list(VENDORS))


@BOTH
async def test_messages_go_signed_with_their_template_and_bring_the_vendors_names(name: str) -> None:
    """R-NT-05: the names are those that receipts use."""
    vendor = VENDORS[name]()
    long = {"problem": "净水器不出水，滤芯换过两次也没有用"}
    async with sms(vendor, name, vendor.config) as transport:
        outcomes = await sent(transport, outbound(1), outbound(2, values=long), outbound(3, locale="en"))
    assert {type(outcome) for outcome in outcomes} == {Sent}
    assert {outcome.reference for outcome in outcomes if isinstance(outcome, Sent)} == (
        {"90061^0", "90062^0", "90063^0"} if name == "aliyun_sms" else {"5000:1", "5000:2", "5000:3"}
    )
    by_context = {one.context: one for one in vendor.sent}
    assert by_context["n1"].parameters == ["XR20261123001", "净水器不出水"]
    assert by_context["n1"].sign == "应答客服"
    assert by_context["n1"].to == ("13800138001" if name == "aliyun_sms" else "+8613800138001")
    assert by_context["n2"].parameters[1] == "净水器不出水，滤芯…"
    assert (by_context["n3"].sign, by_context["n3"].parameters) == ("Yingda", ["XR20261123001"])
    assert by_context["n3"].template in {"SMS_2", "2"}


async def test_aliyuns_older_signature_works_too() -> None:
    vendor = Aliyun()
    async with sms(vendor, "aliyun_sms", ALIYUN | {"signature": "rpc"}) as transport:
        assert await sent(transport, outbound()) == [Sent("90061^0")]
    assert vendor.sent[0].sign == "应答客服"


@BOTH
async def test_a_batch_goes_over_a_few_kept_connections(name: str) -> None:
    vendor = VENDORS[name]()
    async with sms(vendor, name, vendor.config) as transport:
        for _ in range(2):
            assert len(await sent(transport, *(outbound(number) for number in range(40)))) == 40
    assert vendor.server is not None
    assert vendor.server.connections <= 8
    assert len(vendor.sent) == 80


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", Retry),
        ("isv.DAY_LIMIT_CONTROL", Retry),
        ("isv.AMOUNT_NOT_ENOUGH", Retry),
        ("isv.OUT_OF_SERVICE", Retry),
        ("isv.ACCOUNT_ABNORMAL", Retry),
        ("isp.RAM_PERMISSION_DENY", Retry),
        ("Throttling.User", Retry),
        ("SignatureDoesNotMatch", Retry),
        ("InvalidAccessKeyId.NotFound", Retry),
        ("isv.SMS_TEMPLATE_ILLEGAL", Rejected),
        ("isv.SMS_SIGNATURE_ILLEGAL", Rejected),
        ("isv.BLACK_KEY_CONTROL_LIMIT", Rejected),
        ("isv.PARAM_LENGTH_LIMIT", Rejected),
        ("isv.A_CODE_OF_TOMORROW", Rejected),
        ("MissingSignName", Rejected),
        ("isp.SYSTEM_ERROR", Unknown),
        ("isp.GATEWAY_ERROR", Unknown),
    ],
)
async def test_aliyuns_codes_say_whether_it_was_taken(code: str, wanted: type) -> None:
    vendor = Aliyun(code=lambda _sms: code)
    async with sms(vendor, "aliyun_sms", ALIYUN) as transport:
        (outcome,) = await sent(transport, outbound())
    assert type(outcome) is wanted
    assert outcome in {wanted(f"refused with {code}"), wanted(f"answered with {code}")}


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Retry),
        ("LimitExceeded.PhoneNumberDailyLimit", Retry),
        ("LimitExceeded.DeliveryFrequencyLimit", Retry),
        ("RequestLimitExceeded", Retry),
        ("AuthFailure.SignatureFailure", Retry),
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", Retry),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Retry),
        ("FailedOperation.ContainSensitiveWord", Rejected),
        ("FailedOperation.TemplateIncorrectOrUnapproved", Rejected),
        ("FailedOperation.SignatureIncorrectOrUnapproved", Rejected),
        ("InvalidParameterValue.ContentLengthLimit", Rejected),
        ("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", Rejected),
        ("InternalError.Timeout", Unknown),
        ("InternalError.OtherError", Unknown),
        ("ACodeOfTomorrow", Unknown),
    ],
)
async def test_tencents_codes_say_whether_it_was_taken(code: str, wanted: type) -> None:
    vendor = VENDORS["tencent_sms"](code=lambda _sms: code)
    async with sms(vendor, "tencent_sms", TENCENT) as transport:
        (outcome,) = await sent(transport, outbound())
    assert type(outcome) is wanted
    assert outcome in {wanted(f"refused with {code}"), wanted(f"answered with {code}")}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("aliyun_sms", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("tencent_sms", "InvalidParameterValue.IncorrectPhoneNumber"),
        ("tencent_sms", "FailedOperation.PhoneNumberInBlacklist"),
    ],
)
async def test_a_number_that_is_none_ends_the_address(name: str, code: str) -> None:
    """R-NT-07: also where its owner wants no SMS."""
    vendor = VENDORS[name](code=lambda _sms: code)
    async with sms(vendor, name, vendor.config) as transport:
        assert await sent(transport, outbound()) == [Rejected(f"refused with {code}", address=True)]


@BOTH
async def test_what_is_no_mobile_number_is_not_sent(name: str) -> None:
    """R-NT-07."""
    vendor = VENDORS[name]()
    async with sms(vendor, name, vendor.config) as transport:
        outcomes = await sent(transport, outbound(to="010-12345678"), outbound(to="12345"), outbound(to="+85291234567"))
    assert [outcome for outcome in outcomes if isinstance(outcome, Rejected) and outcome.address] == outcomes[:2]
    assert [one.to for one in vendor.sent] == ["85291234567" if name == "aliyun_sms" else "+85291234567"]


@BOTH
@pytest.mark.parametrize("trouble", ["cut", "hang", "half"])
async def test_no_answer_after_the_request_is_unknown_and_the_next_message_passes(name: str, trouble: Any) -> None:
    """R-NT-04: an SMS that may have been taken is not sent again."""

    def code(one: Sms) -> Reply | None:
        return Reply(trouble=trouble, value={"Code": "OK"}) if one.context == "n1" else None

    vendor = VENDORS[name](code=code)
    async with sms(vendor, name, vendor.config, wait=1.5) as transport:
        first, second = await sent(transport, outbound(1), outbound(2))
    assert isinstance(first, Unknown)
    assert isinstance(second, Sent)
    assert sorted(one.context for one in vendor.sent) == ["n1", "n2"]


@BOTH
@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (Reply(429, b"slow down"), Retry),
        (Reply(503, b""), Retry),
        (Reply(500, b"<html>"), Unknown),
        (Reply(502, b""), Unknown),
        (Reply(403, b"<html>"), Rejected),
        (Reply(200, b"<html>"), Unknown),
        (Reply(200, {}), Unknown),
        (Reply(200, [1]), Unknown),
        (Reply(200, {"Code": 7, "Response": {"SendStatusSet": []}}), Unknown),
        (Reply(302, {}, {"Location": "/"}), Rejected),
    ],
)
async def test_what_a_gateway_in_between_answers(name: str, reply: Reply, wanted: type) -> None:
    """R-NT-04."""
    vendor = VENDORS[name](code=lambda _sms: reply)
    async with sms(vendor, name, vendor.config) as transport:
        (outcome,) = await sent(transport, outbound())
    assert isinstance(outcome, wanted)


@BOTH
async def test_a_vendor_that_is_away_has_taken_nothing_and_is_asked_once(name: str) -> None:
    """R-NT-04: the rest of the batch does not wait for it message by message."""
    vendor = VENDORS[name]()
    async with sms(vendor, name, vendor.config) as transport:
        assert vendor.server is not None
        url = vendor.server.url
    transport = sms_transport(name, vendor.config | {"endpoint": url, "trusted_hosts": ["127.0.0.1"]})
    outcomes = await sent(transport, *(outbound(number) for number in range(30)))
    await transport.close()
    assert {type(outcome) for outcome in outcomes} == {Retry}


@BOTH
async def test_a_server_that_is_not_the_vendors_gets_nothing(name: str, tmp_path: Any) -> None:
    """R-NT-04: its certificate is not to be trusted, or its address is of an inner network (R-NT-05)."""
    vendor = VENDORS[name]()
    async with vendor_server(vendor.answer, trust(tmp_path).server) as there:
        for trusted in ([], ["127.0.0.1"]):
            transport = sms_transport(name, vendor.config | {"endpoint": there.url, "trusted_hosts": trusted})
            (outcome,) = await sent(transport, outbound())
            assert isinstance(outcome, Retry)
            await transport.close()
    assert vendor.sent == []


@BOTH
@pytest.mark.parametrize(
    "text", ["{{ 7 * 7 }}", "${number}", "{0.__class__}", "%(x)s", "{% raw %}", '","code":"SMS_0', "a\r\nb"]
)
async def test_what_a_customer_wrote_is_a_value_and_nothing_else(name: str, text: str) -> None:
    """R-NT-03: no input is executed, and none breaks out of its parameter."""
    vendor = VENDORS[name]()
    async with sms(vendor, name, vendor.config) as transport:
        await sent(transport, outbound(purpose="progress", text=text, values={"problem": text}))
    (one,) = vendor.sent
    assert one.parameters == [" ".join(text.split())]
    assert one.template in {"SMS_9", "9"}


@BOTH
async def test_nothing_secret_or_personal_is_logged_or_told(name: str) -> None:
    """Whatever comes back, the code alone is told, and only where it looks like one."""
    odd = "refusing 13800138001 王女士 " + SECRET
    vendor = VENDORS[name](code=lambda _sms: odd)
    with capture_logs() as logs:
        async with sms(vendor, name, vendor.config) as transport:
            outcomes = await sent(transport, outbound())
    assert SECRET not in f"{logs}{outcomes}{transport!r}"
    assert "13800138001" not in f"{logs}{outcomes}"


@BOTH
async def test_it_cannot_tell_what_it_sent_and_a_customer_gets_nothing_twice(name: str) -> None:
    """R-NT-04."""
    transport = sms_transport(name, VENDORS[name].config)
    assert await transport.sent_before(["n1"]) is None
    assert not transport.resend_when_unknown
    await transport.close()
    await transport.close()


@BOTH
def test_what_cannot_work_is_said_at_start(name: str) -> None:
    config = VENDORS[name].config
    with pytest.raises(PluginError, match='not "email"'):
        sms_transport(name, config, channel="email")
    broken = {
        **config,
        "templates": {"accepted": {"zh": {**config["templates"]["accepted"]["en"], "parameters": ["nonsense"]}}},
    }
    with pytest.raises(ConfigError, match=r"nonsense|parameters"):
        sms_transport(name, broken)
    with pytest.raises(ConfigError):
        sms_transport(name, {**config, "misspelt": 1})
