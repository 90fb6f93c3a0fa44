"""Signatures compared with the examples that the vendors publish (R-NT-05)."""

from __future__ import annotations

from services.notify.plugins.sms.aliyun_signature import acs3_headers, query_of, rpc_signature
from services.notify.plugins.sms.tencent_signature import authorization

PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


def test_acs3_is_that_of_aliyuns_example() -> None:
    """help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature, "固定参数示例"."""
    headers = acs3_headers(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        date="2023-10-26T10:22:32Z",
        nonce="3156853299f313e23d1673dc12e1703d",
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
    )
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_hmac_sha1_is_that_of_aliyuns_example_for_sms() -> None:
    """help.aliyun.com/document_detail/56189.html: the request for SendSms and its signature."""
    parameters = {
        "AccessKeyId": "testId",
        "Action": "SendSms",
        "Format": "XML",
        "OutId": "123",
        "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou",
        "SignName": "阿里云短信测试专用",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "SignatureVersion": "1.0",
        "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"customer":"test"}',
        "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }
    assert rpc_signature(parameters, secret="testSecret", method="GET") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


def test_aliyuns_encoding_is_that_of_rfc_3986() -> None:
    assert query_of({"b": "a b*~", "a": "+/中"}) == "a=%2B%2F%E4%B8%AD&b=a%20b%2A~"


def test_tc3_is_that_of_tencents_examples() -> None:
    """cloud.tencent.com/document/api/382/52071, and the same page as it was before its keys were renamed."""
    wanted = {
        "EXAMPLE": "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        "*******": "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
    }
    for end, signature in wanted.items():
        told = authorization(
            {"Content-Type": "application/json; charset=utf-8", "Host": "cvm.tencentcloudapi.com"},
            PAYLOAD,
            service="cvm",
            at=1551113065,
            key_id=f"AKIDz8krbsJ5yKBZQpn74WFkmLPx3{end}",
            secret=f"Gu5t9xGARNpq86cd98joQYCN3{end}",
        )
        assert told == (
            f"TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3{end}/2019-02-25/cvm/tc3_request, "
            f"SignedHeaders=content-type;host, Signature={signature}"
        )
