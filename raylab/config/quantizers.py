"""Quantizers of the VQ-VAE and their settings."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from raylab.config.base import Strict, by_x
from raylab.registry import Registry

Codes = Annotated[int, Field(ge=2, le=65_536, description="vectors of a codebook")]
Decay = Annotated[float, Field(gt=0, lt=1, description="decay of the moving averages per step")]
Gradient = Literal["straight_through", "rotation"]


class QuantizerConfig(Strict):
    """What all quantizers have in common: `kind` names the quantizer."""

    kind: str

    def check_dimension(self, size: int) -> None:
        """ValueError where vectors of this size cannot be quantized; it names `quantizer.KEY`."""


QUANTIZERS = Registry("raylab.quantizers", QuantizerConfig)


class _Committed(QuantizerConfig):
    """The encoder is pulled to the codes that its vectors choose."""

    gradient: Gradient = Field(
        "straight_through", description="how the gradient passes the choice of a code"
    )
    commitment: float = Field(
        1.0, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )


class _Moving(_Committed):
    """Codebooks that follow moving averages; codes that nothing chooses are revived."""

    decay: Decay = 0.8
    kmeans_start: bool = Field(True, description="the first batch is clustered for the first codes")
    revive_below: float = Field(
        0.02,
        ge=0,
        description=(
            "a code is replaced if its moving average of vectors per step falls below this; "
            "0: never"
        ),
    )


class PlainQuantizer(_Committed):
    """Codes learnt by gradient (van den Oord, Vinyals & Kavukcuoglu 2017)."""

    kind: Literal["plain"]
    codes: Codes = 512
    commitment: float = Field(
        0.25, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )
    codebook_weight: float = Field(
        1.0, gt=0, le=100, description="weight of pulling codes to what chose them"
    )


class EmaQuantizer(_Moving):
    """Codes are moving averages of what chose them (van den Oord et al. 2017, appendix A.1)."""

    kind: Literal["ema"] = "ema"
    codes: Codes = 512


class CosineQuantizer(_Moving):
    """Codes and what chooses them have length 1 (Yu et al. 2022, ViT-VQGAN)."""

    kind: Literal["cosine"]
    codes: Codes = 512


class ResidualQuantizer(_Moving):
    """Each stage quantizes what the stages before it left over (Zeghidour et al. 2021,
    SoundStream).
    """

    kind: Literal["residual"]
    codes: Codes = 256
    stages: int = Field(2, ge=1, le=32)


class GroupedResidualQuantizer(_Moving):
    """Groups of dimensions with residual quantizers of their own (Yang et al. 2023, HiFi-Codec)."""

    kind: Literal["grouped_residual"]
    codes: Codes = 128
    groups: int = Field(4, ge=1, le=64)
    stages: int = Field(2, ge=1, le=32)

    def check_dimension(self, size: int) -> None:
        if size % self.groups:
            raise ValueError(
                f"model.code_dimension {size} is not divisible by quantizer.groups {self.groups}"
            )


class FsqQuantizer(QuantizerConfig):
    """A few bounded dimensions, each rounded to a few levels (Mentzer et al. 2024)."""

    kind: Literal["fsq"]
    levels: Annotated[tuple[Annotated[int, Field(ge=2, le=64)], ...], BeforeValidator(by_x)] = (
        Field(
            (8, 8, 8),
            min_length=1,
            max_length=12,
            description="a list, or as 8x8x8, which a search can choose",
        )
    )

    @model_validator(mode="after")
    def _as_many_codes_as_others(self) -> FsqQuantizer:
        codes = prod(self.levels)
        if codes > 65_536:
            raise ValueError(
                f"levels {list(self.levels)} are {codes} codes, at most 65536 are possible"
            )
        return self


class LfqQuantizer(_Committed):
    """Signs of a few dimensions, and an entropy that keeps all codes in use (Yu et al. 2024,
    MAGVIT-v2).
    """

    kind: Literal["lfq"]
    bits: int = Field(9, ge=1, le=16, description="dimensions; there are 2 ** bits codes")
    commitment: float = Field(
        0.25, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )
    entropy_weight: float = Field(0.1, ge=0, le=100)
    diversity: float = Field(
        1.0, ge=0, le=100, description="of the entropy of all codes beside that of each choice"
    )
    inverse_temperature: float = Field(
        100.0, gt=0, le=1e4, description="of the choice that the entropy is taken of"
    )


class SimVqQuantizer(_Committed):
    """A fixed codebook that one linear map moves as a whole (Zhu et al. 2024)."""

    kind: Literal["simvq"]
    codes: Codes = 512
    commitment: float = Field(
        0.25, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )
    codebook_weight: float = Field(
        1.0, gt=0, le=100, description="weight of pulling codes to what chose them"
    )


QUANTIZERS.add(PlainQuantizer, "raylab.models.quantizers.learnt:PlainVQ")
QUANTIZERS.add(EmaQuantizer, "raylab.models.quantizers.moving:EmaVQ")
QUANTIZERS.add(CosineQuantizer, "raylab.models.quantizers.moving:CosineVQ")
QUANTIZERS.add(ResidualQuantizer, "raylab.models.quantizers.moving:ResidualVQ")
QUANTIZERS.add(GroupedResidualQuantizer, "raylab.models.quantizers.moving:GroupedResidualVQ")
QUANTIZERS.add(FsqQuantizer, "raylab.models.quantizers.lattice:FSQ")
QUANTIZERS.add(LfqQuantizer, "raylab.models.quantizers.lattice:LFQ")
QUANTIZERS.add(SimVqQuantizer, "raylab.models.quantizers.learnt:SimVQ")
