"""What of KEDA's ScaledObject (keda.sh/v1alpha1, KEDA 2.20) the manifests use, after its published schema; nothing else passes.

`nats-jetstream` and `cpu` are the two scalers; their `metadata` is text by the schema and checked by KEDA at run time,
so their fields stand here as KEDA's source reads them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Policy(_Strict):
    type: Literal["Pods", "Percent"]
    value: int = Field(ge=1)
    periodSeconds: int = Field(ge=1, le=1800)  # noqa: N815 (KEDA's name)


class _Rules(_Strict):
    stabilizationWindowSeconds: int = Field(ge=0, le=3600)  # noqa: N815
    policies: list[_Policy] = Field(min_length=1)


class _Behavior(_Strict):
    scaleUp: _Rules  # noqa: N815
    scaleDown: _Rules  # noqa: N815


class _HorizontalPodAutoscaler(_Strict):
    behavior: _Behavior


class _Advanced(_Strict):
    horizontalPodAutoscalerConfig: _HorizontalPodAutoscaler  # noqa: N815


class _Fallback(_Strict):
    failureThreshold: int = Field(ge=0)  # noqa: N815
    replicas: int = Field(ge=0)
    behavior: Literal[
        "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"
    ]


class JetStreamFacts(_Strict):
    """Where the scaler asks, and for which consumer."""

    natsServerMonitoringEndpoint: str  # noqa: N815
    account: str
    stream: str
    consumer: str
    lagThreshold: Number  # noqa: N815


class JetStreamTrigger(_Strict):
    """One replica more for every `lagThreshold` messages that the consumer has not got yet."""

    type: Literal["nats-jetstream"]
    metadata: JetStreamFacts


class _CpuFacts(_Strict):
    value: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*m$")]
    containerName: str  # noqa: N815


class CpuTrigger(_Strict):
    """One replica more where the mean of all is above `value`."""

    type: Literal["cpu"]
    metricType: Literal["AverageValue"]  # noqa: N815
    metadata: _CpuFacts


class _Target(_Strict):
    name: str = Field(min_length=1)


class ScaledObjectSpec(_Strict):
    """What is scaled, between which numbers, by what."""

    scaleTargetRef: _Target  # noqa: N815
    minReplicaCount: int = Field(ge=0)  # noqa: N815
    maxReplicaCount: int = Field(ge=1)  # noqa: N815
    pollingInterval: int = Field(ge=1)  # noqa: N815
    fallback: _Fallback
    advanced: _Advanced
    triggers: list[Annotated[JetStreamTrigger | CpuTrigger, Field(discriminator="type")]] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> "ScaledObjectSpec":
        if self.minReplicaCount > self.maxReplicaCount:
            raise ValueError("minReplicaCount must be less than or equal to maxReplicaCount")
        if all(trigger.type == "cpu" for trigger in self.triggers):
            raise ValueError("a fallback needs a trigger that is not cpu")
        return self


class _Metadata(_Strict):
    name: str
    namespace: str
    labels: dict[str, str]


class ScaledObject(_Strict):
    """A whole resource."""

    apiVersion: Literal["keda.sh/v1alpha1"]  # noqa: N815
    kind: Literal["ScaledObject"]
    metadata: _Metadata
    spec: ScaledObjectSpec
