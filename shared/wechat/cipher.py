"""The encryption of pushes to an official account or a WeCom application, and of answers to them.

A message is 16 random bytes, its length in four (big-endian), the text in UTF-8, and the id of who receives it (AppID,
CorpID); padded by PKCS#7 to a multiple of 32 and encrypted with AES-256-CBC, whose first vector is the first half of
the key (developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html,
developer.work.weixin.qq.com/document/path/90968).
"""

import base64
import binascii
import hmac
import secrets
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher as Algorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

KEY_LENGTH: Final = 43
"""Characters of an `EncodingAESKey`: the base64 of 32 bytes without its last `=`."""
_KEY_BYTES: Final = 32
_VECTOR: Final = 16
_BLOCK: Final = 32
_RANDOM: Final = 16
_HEAD: Final = _RANDOM + 4


class WechatCipherError(Exception):
    """The message cannot be decrypted."""

    def __init__(self, why: str | None = None) -> None:
        super().__init__(why or self.__doc__)


class Cipher:
    """Encrypts and decrypts what goes to and fro between the vendor and one receiver."""

    def __init__(self, encoding_aes_key: str, receiver: str) -> None:
        """Take the `EncodingAESKey` and the receiver's id; a key that is none is a `WechatCipherError`."""
        self._key = _key(encoding_aes_key)
        self._receiver = receiver.encode()

    def decrypt(self, encrypted: str) -> str:
        """Return the text in `encrypted`, which is base64; `WechatCipherError` where it is damaged or another's."""
        plain = self._opened(encrypted)
        length = int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if len(plain) < _HEAD + length:
            raise WechatCipherError
        text, receiver = plain[_HEAD : _HEAD + length], plain[_HEAD + length :]
        if not hmac.compare_digest(receiver, self._receiver):
            raise WechatCipherError("the message is meant for another receiver")
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise WechatCipherError from None

    def encrypt(self, text: str, random: bytes | None = None) -> str:
        """Return `text` encrypted, in base64; `random` are the 16 bytes at its beginning, else fresh ones."""
        body = text.encode()
        start = secrets.token_bytes(_RANDOM) if random is None else random
        plain = start + len(body).to_bytes(4, "big") + body + self._receiver
        missing = _BLOCK - len(plain) % _BLOCK
        encryptor = self._algorithm().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).decode()

    def _opened(self, encrypted: str) -> bytes:
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (ValueError, binascii.Error):
            raise WechatCipherError from None
        if not data or len(data) % _VECTOR:
            raise WechatCipherError
        decryptor = self._algorithm().decryptor()
        padded = decryptor.update(data) + decryptor.finalize()
        missing = padded[-1]
        if not 1 <= missing <= _BLOCK or padded[-missing:] != bytes([missing]) * missing:
            raise WechatCipherError
        return padded[:-missing]

    def _algorithm(self) -> Algorithm[CBC]:
        return Algorithm(AES256(self._key), CBC(self._key[:_VECTOR]))


def _key(written: str) -> bytes:
    """Return the key in an `EncodingAESKey`; its last two bits are nobody's, so that they may be anything."""
    try:
        key = base64.b64decode(f"{written}=", validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(written) != KEY_LENGTH or len(key) != _KEY_BYTES:
        raise WechatCipherError(f"an EncodingAESKey has {KEY_LENGTH} letters and digits")
    return key
