"""The keys of senders: named in the config, read from where secrets are kept."""

from collections.abc import Callable, Iterable, Sequence

from shared.plugins import PluginError, Setup

SHORTEST = 16


def keys_of(setup: Setup, names: Sequence[str]) -> Callable[[], Iterable[bytes]]:
    """Return what reads the secrets `names` each time, so that a key can change while the process works.

    `PluginError` now where one is missing or has fewer than 16 characters.
    """

    def read() -> list[bytes]:
        keys = [setup.secret(name).get_secret_value().encode() for name in names]
        short = [name for name, key in zip(names, keys, strict=True) if len(key) < SHORTEST]
        if short:
            raise PluginError(f'the secret "{short[0]}" must have at least {SHORTEST} characters')
        return keys

    read()
    return read
