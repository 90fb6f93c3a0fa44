"""The envelope of an encrypted push: signed over what it holds, for one receiver, with one of the account's keys."""

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from shared.adapters import HttpProblem
from shared.plugins import PluginError, SecretName, Setup
from shared.wechat import Cipher, WechatCipherError

AesKeys = Annotated[tuple[SecretName, ...], Field(max_length=2)]
"""Names of secrets, each an EncodingAESKey; a second one while the account changes its key."""


def secret_of(setup: Setup, name: str) -> Callable[[], str]:
    """Return what reads the secret each time; `PluginError` now where it is missing."""

    def read() -> str:
        return setup.secret(name).get_secret_value()

    read()
    return read


def opener(setup: Setup, keys: Sequence[str], receiver: str) -> Callable[[str], str]:
    """Return what opens a sealed text with whichever of the `keys` fits; they are read each time, so that they can change.

    `PluginError` now where a key is missing or none. What is returned raises `HttpProblem` 401 for what none of them opens.
    """

    def ciphers() -> list[Cipher]:
        try:
            return [Cipher(setup.secret(name).get_secret_value(), receiver) for name in keys]
        except WechatCipherError as error:
            raise PluginError(f"a secret of {', '.join(keys)} is wrong: {error}") from None

    def opened(sealed: str) -> str:
        for cipher in ciphers():
            try:
                return cipher.decrypt(sealed)
            except WechatCipherError:
                continue
        raise HttpProblem(401, "cannot-decrypt", "The push cannot be decrypted with the account's key")

    ciphers()
    return opened
