"""Building plugins: settings validated by the plugin's own model, then the object itself."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.plugins.errors import ConfigError, PluginError
from shared.plugins.manifest import Plugin
from shared.plugins.setup import Setup
from shared.plugins.words import told


def config_of(plugin: Plugin, settings: Mapping[str, Any]) -> BaseModel | None:
    """Return `settings` as the plugin's own config; `ConfigError` names every field that is wrong, no values."""
    if plugin.config is None:
        if settings:
            raise ConfigError(f'the {plugin.kind} plugin "{plugin.name}" has no settings')
        return None
    try:
        return judged(plugin, plugin.config, settings)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}" for item in error.errors())
        raise ConfigError(f'the settings of the {plugin.kind} plugin "{plugin.name}" are wrong: {faults}') from None


def judged(plugin: Plugin, model: type[BaseModel], settings: Mapping[str, Any]) -> BaseModel:
    """Return `settings` as a value of the plugin's `model`, whose `ValidationError` says what is wrong with them.

    `ConfigError` where a validator raises anything else: it is a stranger's, and what it cannot judge stops nobody.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError:
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f'the settings of the {plugin.kind} plugin "{plugin.name}" cannot be judged: {told(error)}'
        ) from error


def build(plugin: Plugin, setup: Setup) -> Any:
    """Return what the plugin builds; `PluginError` in one sentence where that fails, whatever it raised."""
    try:
        return plugin.build(setup)
    except PluginError as error:
        raise PluginError(f'the {plugin.kind} plugin "{plugin.name}" cannot work: {error}') from error
    except (Exception, SystemExit) as error:
        raise PluginError(f'the {plugin.kind} plugin "{plugin.name}" cannot be built: {told(error)}') from error


def lacking(made: object, protocol: Any) -> tuple[str, ...] | None:
    """Return what `protocol` asks for and `made` has not, by name; None where it has all, () where that has no name.

    What raises when it is looked at is lacking.
    """
    try:
        if isinstance(made, protocol):
            return None
    except Exception:  # noqa: BLE001, S110 (a stranger's property may raise anything; it is found below)
        pass
    parts = [part for part in protocol.__mro__ if getattr(part, "_is_protocol", False)]
    asked = sorted({name for part in parts for name in (*vars(part), *part.__annotations__) if name[0] != "_"})
    return tuple(name for name in asked if not _has(made, name))


def _has(made: object, name: str) -> bool:
    try:
        getattr(made, name)
    except Exception:  # noqa: BLE001 (as above)
        return False
    return True
