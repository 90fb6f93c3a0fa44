"""What can be wrong with a plugin; each message is one sentence that names it."""

from collections.abc import Sequence


class PluginError(Exception):
    """The plugin cannot be used.

    A plugin raises it (or a subclass) from its `build` to say in one sentence why it cannot work as it is configured:
    that sentence is shown. Of any other error only its type and place are, since its text may hold what is secret.
    """


class NoSuchPluginError(PluginError):
    """No package that is installed here provides the plugin."""


class VersionError(PluginError):
    """The plugin is written for a version of its kind that is not known here."""


class ConfigError(PluginError):
    """The settings of the plugin are wrong."""


class MissingSecretError(PluginError):
    """A secret that the settings name is not there."""


class UnusableError(PluginError):
    """A plugin that the policy names cannot be used; `why` is a sentence that names it."""

    def __init__(self, kind: str, name: str, why: str) -> None:
        self.kind, self.name, self.why = kind, name, why
        super().__init__(why)


class UnusablesError(PluginError):
    """Some of the plugins that the policy names cannot be used: `faults` are all of them."""

    def __init__(self, faults: Sequence[UnusableError]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.why for fault in faults))


class TookTooLongError(PluginError):
    """The plugin took too long."""


class LeftAloneError(PluginError):
    """The plugin failed again and again, and is left alone for a while."""
