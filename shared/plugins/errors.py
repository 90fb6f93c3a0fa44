"""What can be wrong with a plugin; each message is one sentence that names it."""


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
