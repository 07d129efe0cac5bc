"""Neural decoders and their settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from raylab.config.base import Strict, by_x
from raylab.registry import Registry

Layers = Annotated[int, Field(ge=1, le=32)]
NetworkWidth = Annotated[
    int, Field(ge=1, le=4096, description="features of a row behind its session's input layer")
]


class NetworkConfig(Strict):
    """What all networks have in common: `kind` names the network."""

    kind: str


NETWORKS = Registry("raylab.networks", NetworkConfig)


class _Dropping(NetworkConfig):
    dropout: float = Field(
        0.1, ge=0, lt=1, description="chance that a feature is hidden, while training"
    )


class _Attending(_Dropping):
    width: NetworkWidth = 64
    heads: int = Field(4, ge=1, le=64)

    @model_validator(mode="after")
    def _divisible(self) -> _Attending:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not divisible by heads {self.heads}")
        return self


class MlpConfig(_Dropping):
    """A perceptron on the rows side by side."""

    kind: Literal["mlp"] = "mlp"
    width: NetworkWidth = 64
    hidden: Annotated[tuple[NetworkWidth, ...], BeforeValidator(by_x)] = Field(
        (128, 128),
        min_length=1,
        max_length=8,
        description="a list, or as 128x128, which a search can choose",
    )


class RecurrentConfig(_Dropping):
    """Reads row after row; the last state is decoded (Hochreiter & Schmidhuber 1997; Cho et al.
    2014).
    """

    kind: Literal["lstm", "gru"]
    width: NetworkWidth = 64
    layers: Layers = 1
    bidirectional: bool = Field(
        True, description="a second one reads backwards; the last states of both are decoded"
    )


class TransformerConfig(_Attending):
    """Rows attend to each other; what a class token gathered is decoded (Vaswani et al. 2017;
    Devlin et al. 2019).
    """

    kind: Literal["transformer"]
    layers: Layers = 2
    feedforward: int = Field(
        128, ge=1, le=16_384, description="hidden features of the perceptron of a layer"
    )
    positions: Literal["learnt", "sinusoidal"] = "learnt"


class TcnConfig(_Dropping):
    """Dilated causal convolutions with a way around each pair (Bai, Kolter & Koltun 2018)."""

    kind: Literal["tcn"]
    channels: NetworkWidth = 64
    levels: int = Field(
        4,
        ge=1,
        le=12,
        description="pairs of convolutions; the dilation doubles from one to the next",
    )
    kernel: int = Field(3, ge=2, le=63)
    pool: Literal["last", "mean"] = Field("mean", description="which rows are decoded")

    @property
    def receptive_field(self) -> int:
        """Rows that the last one sees, itself included."""
        return 1 + 2 * (self.kernel - 1) * (2**self.levels - 1)


class UnitGraph(Strict):
    """Which units attend to which, found in the training split."""

    by: Literal["correlation", "position"] = "correlation"
    neighbours: int = Field(
        8, ge=1, le=1024, description="that each unit chooses; a choice joins both"
    )


class GraphConfig(_Attending):
    """Units attend to their neighbours in a graph (Brody, Alon & Yahav 2022). Needs the extra
    `graph`.
    """

    kind: Literal["graph"]
    width: NetworkWidth = 32
    layers: Layers = 2
    graph: UnitGraph = UnitGraph()


NETWORKS.add(MlpConfig, "raylab.models.networks.perceptron:Perceptron")
NETWORKS.add(RecurrentConfig, "raylab.models.networks.recurrent:Recurrent")
NETWORKS.add(TransformerConfig, "raylab.models.networks.transformer:Transformer")
NETWORKS.add(TcnConfig, "raylab.models.networks.tcn:Tcn")
NETWORKS.add(GraphConfig, "raylab.models.networks.graph:GraphNetwork")
