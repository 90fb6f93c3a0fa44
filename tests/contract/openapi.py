"""`python -m tests.contract.openapi`: write docs/contract/openapi.json, the gateway with an endpoint of every kind."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import to_json

from services.intake.adapters.gateway.config import GatewayConfig
from services.intake.adapters.gateway.openapi import describe
from shared.adapters.setup import AdapterSetup
from shared.plugins import build, config_of, load
from shared.policy import load_policy
from shared.settings import Settings
from tests.gateway import ENDPOINTS, SECRETS

FILE: Final = Path(__file__).parents[2] / "docs" / "contract" / "openapi.json"
VERSION: Final = "1"
"""Of this document; a running gateway says which version of Yingda it is."""


def document() -> dict[str, Any]:
    """Return what a gateway with these endpoints would say of itself at `/openapi.json`."""
    built = {}
    for name, given in ENDPOINTS.items():
        plugin = load("endpoint", name)
        setup = AdapterSetup(
            config=config_of(plugin, given),
            settings=Settings(),
            data=Path("unused"),
            now=lambda: datetime.now(UTC),
            secrets=lambda secret: SecretStr(SECRETS[f"YINGDA_SECRET_{secret.upper()}"]),
            policy=load_policy(),
        )
        built[name] = build(plugin, setup)
    return describe(built, GatewayConfig(public_url="https://channels.example.com"), VERSION)


def text() -> str:
    """Return the file as it should be."""
    return to_json(document(), indent=1).decode() + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
