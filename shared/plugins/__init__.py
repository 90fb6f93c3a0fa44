"""The plugin kit: a manifest form, kinds with versions, and how plugins are found, configured and built.

A package registers a `Plugin` in the entry point group of its kind (`yingda.channels` …):

    plugin = Plugin(kind="channel", name="fax", api=1, summary="Faxes", build=lambda setup: Fax(setup.config), config=FaxConfig)
"""

from shared.plugins.building import build as build
from shared.plugins.building import config_of as config_of
from shared.plugins.building import judged as judged
from shared.plugins.building import lacking as lacking
from shared.plugins.errors import ConfigError as ConfigError
from shared.plugins.errors import LeftAloneError as LeftAloneError
from shared.plugins.errors import MissingSecretError as MissingSecretError
from shared.plugins.errors import NoSuchPluginError as NoSuchPluginError
from shared.plugins.errors import PluginError as PluginError
from shared.plugins.errors import TookTooLongError as TookTooLongError
from shared.plugins.errors import UnusableError as UnusableError
from shared.plugins.errors import UnusablesError as UnusablesError
from shared.plugins.errors import VersionError as VersionError
from shared.plugins.find import load as load
from shared.plugins.find import plugin_names as plugin_names
from shared.plugins.inspection import PluginInfo as PluginInfo
from shared.plugins.inspection import inspect as inspect
from shared.plugins.kinds import GROUPS as GROUPS
from shared.plugins.kinds import KINDS as KINDS
from shared.plugins.kinds import Kind as Kind
from shared.plugins.manifest import Config as Config
from shared.plugins.manifest import Plugin as Plugin
from shared.plugins.secrets import SecretName as SecretName
from shared.plugins.secrets import SecretSource as SecretSource
from shared.plugins.secrets import read_secret as read_secret
from shared.plugins.setup import Setup as Setup
