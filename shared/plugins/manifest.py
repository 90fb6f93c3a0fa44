"""The manifest: what a package says about the plugin that it provides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.plugins.errors import PluginError


class Config(BaseModel):
    """What the config model of a plugin derives from: frozen, and a key that it does not know is a fault.

    The text below a field, or its `Field(description=…)`, says what the setting is for.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin, as an entry point of the group of its kind names it.

    `name` is the name of the entry point, and `api` the version of the kind that it is written for. `build` is given a
    `Setup` and returns the object that the Protocol of the kind asks for; it opens nothing and raises `PluginError`
    in one sentence where it cannot work. `config` validates its settings in the policy: frozen, extra keys
    forbidden; without one it has no settings. `summary` is one line for `yingda plugins`.
    """

    kind: str
    name: str
    api: int
    build: Callable[[Any], Any]
    summary: str = ""
    config: type[BaseModel] | None = None

    def __post_init__(self) -> None:
        """Refuse what builds nothing, and a config model that could change or swallow a misspelt key."""
        if not callable(self.build):
            raise PluginError("what builds the plugin must be a function of one setup")
        model: object = self.config
        if model is None:
            return
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise PluginError("the config must be a model, a class that derives from shared.plugins.Config")
        if not (model.model_config.get("frozen") and model.model_config.get("extra") == "forbid"):
            raise PluginError(f"the config model {model.__name__} must be frozen and forbid extra keys")
