"""A trained model as a file: JSON that a person can open, with its figures and a checksum; nothing in it is executed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from services.routing.plugins.evaluation import Evaluation
from services.routing.plugins.learning import Weights
from services.routing.ports import ModelError

FORMAT = "yingda-ngrams"
VERSION = 1
_LARGEST = 64_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """Weights with the figures they reached on held-out folds, and when (ISO 8601) they were trained."""

    weights: Weights
    evaluation: Evaluation
    trained_at: str


def save(model: Model, path: Path) -> str:
    """Write `model` to `path` in one step and return its checksum; a reader sees the old file or the new one."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "trained_at": model.trained_at,
        "evaluation": asdict(model.evaluation),
        "labels": model.weights.labels,
        "bias": model.weights.bias,
        "weights": model.weights.rows,
    }
    checksum = _checksum(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(_written({"checksum": checksum, **content}), encoding="utf-8")
    fresh.replace(path)
    return checksum


def load(path: Path) -> Model:
    """Return the model of a file; `ModelError` says in a sentence why it cannot be used."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ModelError(f"{path} is too large for a model of the classifier")
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"there is no model {path}: `yingda classifier train --out {path}` makes one") from None
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{path} is no model of the classifier: it is not JSON") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelError(f"{path} is no model of the classifier ngrams")
    if content.get("version") != VERSION:
        raise ModelError(f"the model {path} has version {content.get('version')}, not {VERSION}: train it anew")
    if content.pop("checksum", None) != _checksum(content):
        raise ModelError(f"the model {path} was changed or cut off: its checksum does not match; train it anew")
    try:
        return _model(content)
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"the model {path} is incomplete: train it anew") from None


def _model(content: Mapping[str, Any]) -> Model:
    weights = Weights(tuple(content["labels"]), tuple(map(float, content["bias"])), dict(content["weights"]))
    size = len(weights.labels)
    if size < 2 or len(weights.bias) != size or any(len(row) != size for row in weights.rows.values()):  # noqa: PLR2004 - one label decides nothing
        raise ValueError("uneven")
    return Model(weights, Evaluation(**content["evaluation"]), str(content["trained_at"]))


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_written(content).encode()).hexdigest()


def _written(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
