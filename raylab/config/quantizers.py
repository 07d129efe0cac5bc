"""Quantizers of the VQ-VAE: which there are, and what each one can be told."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from raylab.config.base import Strict, by_x

Codes = Annotated[int, Field(ge=2, le=65_536, description="vectors of a codebook")]
Decay = Annotated[float, Field(gt=0, lt=1, description="of the moving averages, a step")]
Gradient = Literal["straight_through", "rotation"]


class _Quantizer(Strict):
    gradient: Gradient = Field(
        "straight_through", description="how the gradient passes the choice of a code"
    )
    commitment: float = Field(
        1.0, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )


class _Revived(Strict):
    """Of codebooks that follow moving averages."""

    decay: Decay = 0.8
    kmeans_start: bool = Field(True, description="the first batch is clustered for the first codes")
    revive_below: float = Field(
        0.02,
        ge=0,
        description=(
            "codes that fewer vectors a step choose, in the moving average, are drawn "
            "anew; 0: never"
        ),
    )


class PlainQuantizer(_Quantizer):
    """Codes learnt by gradient (van den Oord, Vinyals & Kavukcuoglu 2017)."""

    kind: Literal["plain"]
    codes: Codes = 512
    commitment: float = Field(
        0.25, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )
    codebook_weight: float = Field(
        1.0, gt=0, le=100, description="weight of pulling codes to what chose them"
    )


class EmaQuantizer(_Quantizer, _Revived):
    """Codes are moving averages of what chose them (van den Oord et al. 2017, appendix A.1)."""

    kind: Literal["ema"] = "ema"
    codes: Codes = 512


class CosineQuantizer(_Quantizer, _Revived):
    """Codes and what chooses them have length 1 (Yu et al. 2022, ViT-VQGAN)."""

    kind: Literal["cosine"]
    codes: Codes = 512


class ResidualQuantizer(_Quantizer, _Revived):
    """Each stage quantizes what the stages before it left over (Zeghidour et al. 2021,
    SoundStream).
    """

    kind: Literal["residual"]
    codes: Codes = 256
    stages: int = Field(2, ge=1, le=32)


class GroupedResidualQuantizer(_Quantizer, _Revived):
    """Groups of dimensions with residual quantizers of their own (Yang et al. 2023, HiFi-Codec)."""

    kind: Literal["grouped_residual"]
    codes: Codes = 128
    groups: int = Field(4, ge=1, le=64)
    stages: int = Field(2, ge=1, le=32)


class FsqQuantizer(Strict):
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


class LfqQuantizer(_Quantizer):
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


class SimVqQuantizer(_Quantizer):
    """A fixed codebook that one linear map moves as a whole (Zhu et al. 2024)."""

    kind: Literal["simvq"]
    codes: Codes = 512
    commitment: float = Field(
        0.25, ge=0, le=100, description="weight of pulling the encoder to its codes"
    )
    codebook_weight: float = Field(
        1.0, gt=0, le=100, description="weight of pulling codes to what chose them"
    )


QuantizerConfig = (
    PlainQuantizer
    | EmaQuantizer
    | CosineQuantizer
    | ResidualQuantizer
    | GroupedResidualQuantizer
    | FsqQuantizer
    | LfqQuantizer
    | SimVqQuantizer
)
