"""The crypto of WeChat and WeCom, against the vectors of the vendors' own samples and of others' tests (R-IN-01).

Sources: Tencent's WXBizMsgCrypt samples for Python (Sample.py) and C# (Sample.cs), and the vectors in tests/test_crypto.py of
the library wechatpy.
"""

import base64
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.wechat import Cipher, WechatCipherError, is_signed, signature

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass(frozen=True)
class Vector:
    token: str
    key: str
    receiver: str
    signature: str
    timestamp: str
    nonce: str
    encrypted: str
    holds: str


VECTORS = {
    "tencent, Sample.py of the official account": Vector(
        "spamtest",
        KEY,
        "wx2c2769f8efd9abc2",
        "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
        "1409735669",
        "1320562132",
        "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE=",
        "<Content><![CDATA[abcdteT]]></Content>",
    ),
    "tencent, Sample.cs of an enterprise application": Vector(
        "QDG6eK",
        "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        "wx5823bf96d3bd56c7",
        "477715d11cdb4164915debcba66cb864d751f3e6",
        "1409659813",
        "1372623149",
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==",
        "<MsgId>4561255354251345929</MsgId>",
    ),
    "wechatpy, the echo": Vector(
        "123456",
        "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        "wx49f0ab532d5d035a",
        "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
        "1411443780",
        "437374425",
        "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
        "5927782489442352469",
    ),
    "wechatpy, a message": Vector(
        "123456",
        "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        "wx49f0ab532d5d035a",
        "74d92dfeb87ba7c714f89d98870ae5eb62dff26d",
        "1411525903",
        "461056294",
        "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=",
        "<![CDATA[messense]]>",
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_the_published_vectors(vector: Vector) -> None:
    assert is_signed(vector.signature, vector.token, vector.timestamp, vector.nonce, vector.encrypted)
    assert vector.holds in Cipher(vector.key, vector.receiver).decrypt(vector.encrypted)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_a_signature_of_anything_else_is_none(vector: Vector) -> None:
    parts = [vector.token, vector.timestamp, vector.nonce, vector.encrypted]
    for place in range(len(parts)):
        assert not is_signed(vector.signature, *(p + "0" if n == place else p for n, p in enumerate(parts)))
    assert not is_signed("", *parts)
    assert not is_signed("ä", *parts)
    assert signature(*parts) == signature(*reversed(parts))


def test_a_published_encryption() -> None:
    """wechatpy's test_encrypt_message, with its sixteen bytes that are not random."""
    text = """<xml>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[test]]></Content>
<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>
<ToUserName><![CDATA[messense]]></ToUserName>
<AgentID>1</AgentID>
<CreateTime>1411525903</CreateTime>
</xml>"""
    cipher = Cipher("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")
    assert cipher.encrypt(text, b"1234567890123456") == (
        "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8GqxlhZgURnAtOb"
        "vesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8"
        "NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O"
        "5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3"
    )


@given(text=st.text(max_size=200), receiver=st.text(max_size=30))
def test_what_is_encrypted_is_decrypted(text: str, receiver: str) -> None:
    assert Cipher(KEY, receiver).decrypt(Cipher(KEY, receiver).encrypt(text)) == text


def test_what_is_meant_for_another_receiver_is_refused() -> None:
    encrypted = Cipher(KEY, "wx-other").encrypt("你好")
    with pytest.raises(WechatCipherError, match="another receiver"):
        Cipher(KEY, "wx-mine").decrypt(encrypted)


@given(st.binary(max_size=200))
def test_rubbish_is_refused_whatever_it_is(rubbish: bytes) -> None:
    with pytest.raises(WechatCipherError):
        Cipher(KEY, "wx").decrypt(base64.b64encode(rubbish).decode())
    with pytest.raises(WechatCipherError):
        Cipher(KEY, "wx").decrypt(rubbish.decode("latin-1") + "!")


@pytest.mark.parametrize("key", ["", "short", KEY + "A", "ä" * 43, KEY[:-1] + "!"])
def test_a_key_that_is_none_is_said_so(key: str) -> None:
    with pytest.raises(WechatCipherError, match="43"):
        Cipher(key, "wx")
