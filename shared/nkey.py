"""The key pairs of NATS users: the seed is the secret, the server knows the public key only."""

import secrets

import nkeys  # type: ignore[import-untyped]  # the package brings no types


class NotASeedError(Exception):
    """This is no seed of a NATS user."""


def new_seed() -> str:
    """Return the seed of a new user."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def public_key(seed: str) -> str:
    """Return the public key of `seed`, which begins with U; `NotASeedError` never tells what stands there instead."""
    try:
        pair = nkeys.from_seed(bytearray(seed.strip().encode()))
        key: str = pair.public_key.decode()
        pair.wipe()
    except (nkeys.NkeysError, ValueError):  # of base64 too
        raise NotASeedError from None
    if not key.startswith("U"):
        raise NotASeedError
    return key
