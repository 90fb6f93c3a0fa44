"""What the process of a baseline's stage is told, and how it tells that it works."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.bench.stage import Stage


class StageConfig(BaseModel):
    """Where the servers are, what the stage does, and the file that it makes when it is ready."""

    model_config = ConfigDict(frozen=True)

    nats_url: str
    dsn: str
    stage: Stage
    ready: Path


def tell_ready(config: StageConfig) -> None:
    """Tell whoever started this process that the stage consumes."""
    config.ready.touch()
