"""Readouts: classical decoders, fitted at once. A setting is one value, or several values of which
validation chooses.
"""

from __future__ import annotations

from itertools import product
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from raylab.config.base import Strict
from raylab.registry import Derived, Registry


def as_several(value: object) -> object:
    """Read one value as a list of one, because a search draws single values."""
    return [value] if isinstance(value, str | int | float) else value


def _or_none(value: object) -> object:
    """Read null as the word none, and one value as a list of one."""
    return ["none"] if value is None else as_several(value)


def _share(value: object) -> object:
    if value in ("auto", "none"):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError("auto, none or a number from 0 to 1 is needed")


WHOLE: tuple[Literal["none"]] = ("none",)  # features as they are, not their principal components
MOST_ITERATIONS = (1000,)  # as scikit-learn's linear SVM has them
NEIGHBOURS = (1, 5, 9, 15, 25, 49, 121, 200)  # numbers to choose from, as EvaluationConfig's
MOST_NEIGHBOURS = 100_000
Neighbours = Annotated[int, Field(ge=1, le=MOST_NEIGHBOURS, strict=True)]
Smoothing = Annotated[float, Field(ge=1e-12, le=1e3)]
Degree = Annotated[int, Field(ge=1, le=10, strict=True)]
Order = Annotated[int, Field(ge=0, le=2, strict=True)]
Rate = Annotated[float, Field(gt=0, le=1)]
Leaves = Annotated[int, Field(ge=2, le=255, strict=True)]
Leaf = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Trees = Annotated[int, Field(ge=1, le=1000, strict=True)]
Share = Annotated[float, Field(gt=0, le=1)]
Iterations = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Penalty = Annotated[float, Field(gt=0, le=1e12)]
Shrinkage = Annotated[Literal["auto", "none"] | float, BeforeValidator(_share)]
Components = Annotated[int, Field(ge=1, le=4096, strict=True)] | Literal["none"]
OneOrMore = Field(min_length=1, max_length=100)

ClassWeight = Literal["none", "balanced"]
UNWEIGHTED: tuple[ClassWeight, ...] = ("none",)
# The last setting of a config, so that the fits that differ in it alone follow each other. It is
# not recorded at its default, so that configs are what they were before it could be chosen.
ClassWeights = Annotated[
    tuple[ClassWeight, ...],
    OneOrMore,
    BeforeValidator(_or_none),
    Field(
        exclude_if=lambda value: value == UNWEIGHTED,
        description=(
            "of labels with classes: balanced makes every class count the same, however often it "
            "occurs among the fitted examples; none: every example counts the same"
        ),
    ),
]


class ReadoutConfig(Strict):
    """What all readouts have in common: `kind` names the readout.

    Attributes:
        only_classes: Whether it decodes discrete labels only.
        standardises: Whether it standardises each feature before it is fitted, or splits features
            whatever their scale, so that a z-score of the features changes nothing but their
            rounding.
        only_values: Whether it decodes continuous and circular labels only.
        sequential: Whether it decodes a sample from the samples before it, one after the other, so
            that it needs the course of time (`Course`).
    """

    only_classes: ClassVar[bool] = False
    only_values: ClassVar[bool] = False
    standardises: ClassVar[bool] = False
    sequential: ClassVar[bool] = False
    kind: str

    def candidates(self) -> list[Self]:
        """One config for each combination of the settings, in the order of the lists."""
        several = {name: value for name, value in self if isinstance(value, tuple)}
        return [
            self.model_copy(update={name: (value,) for name, value in zip(several, chosen)})
            for chosen in product(*several.values())
        ]

    @property
    def class_weights(self) -> tuple[ClassWeight, ...]:
        """The values of the setting `class_weight`, which readouts of values do not have."""
        weights: tuple[ClassWeight, ...] = getattr(self, "class_weight", UNWEIGHTED)
        return weights

    def unweighted(self) -> Self:
        """The same without weights of classes."""
        if self.class_weights == UNWEIGHTED:
            return self
        return self.model_copy(update={"class_weight": UNWEIGHTED})

    def for_labels(self, kind: str) -> Self:
        """The same for labels of a kind: values and angles have no classes to weigh."""
        return self if kind == "discrete" else self.unweighted()


READOUTS = Registry("raylab.readouts", ReadoutConfig)


class KnnConfig(ReadoutConfig):
    """k nearest neighbours: mean, circular mean or most frequent class."""

    kind: Literal["knn"] = "knn"
    # Not recorded where it is none, so that configs are what they were before it could be chosen.
    components: Annotated[tuple[Components, ...], OneOrMore, BeforeValidator(_or_none)] = Field(
        WHOLE,
        exclude_if=lambda value: value == WHOLE,
        description="neighbours among so many principal components of the features; none: all",
    )
    metric: Annotated[
        tuple[Literal["euclidean", "cosine"], ...], OneOrMore, BeforeValidator(as_several)
    ] = (
        "euclidean",
        "cosine",
    )
    neighbours: Annotated[tuple[Neighbours, ...], OneOrMore, BeforeValidator(as_several)] = (
        NEIGHBOURS
    )
    class_weight: ClassWeights = UNWEIGHTED


class NaiveBayesConfig(ReadoutConfig):
    """Gaussian naive Bayes: each feature has a mean and a variance in each class."""

    only_classes: ClassVar[bool] = True
    kind: Literal["naive_bayes"]
    smoothing: Annotated[tuple[Smoothing, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (1e-9, 1e-6, 1e-4, 1e-2, 1e-1),
        description=(
            "share of the largest feature's variance that is added to every variance "
            "(var_smoothing)"
        ),
    )
    class_weight: ClassWeights = UNWEIGHTED


class RidgeConfig(ReadoutConfig):
    """Least squares with a penalty on the weights; of classes, one against the rest."""

    standardises: ClassVar[bool] = True
    kind: Literal["ridge"]
    alpha: Annotated[tuple[Penalty, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4),
        description="penalty on the squared weights of standardised features",
    )
    class_weight: ClassWeights = UNWEIGHTED


class LogisticConfig(ReadoutConfig):
    """Multinomial logistic regression."""

    only_classes: ClassVar[bool] = True
    standardises: ClassVar[bool] = True
    kind: Literal["logistic"]
    c: Annotated[tuple[Penalty, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (1e-4, 1e-3, 1e-2, 1e-1, 1.0),
        description="inverse penalty on the squared weights of standardised features",
    )
    class_weight: ClassWeights = UNWEIGHTED


class SvmConfig(ReadoutConfig):
    """Linear support vectors: classes one against the rest, values one dimension at a time."""

    standardises: ClassVar[bool] = True
    kind: Literal["svm"]
    c: Annotated[tuple[Penalty, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (1e-5, 1e-4, 1e-3, 1e-2, 1e-1),
        description="inverse penalty on the squared weights of standardised features",
    )
    # Not recorded at its default, so that configs are what they were before it could be chosen.
    iterations: Annotated[tuple[Iterations, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        MOST_ITERATIONS,
        exclude_if=lambda value: value == MOST_ITERATIONS,
        description="after which the solver stops at the latest (max_iter); it bounds the time",
    )
    class_weight: ClassWeights = UNWEIGHTED


class LdaConfig(ReadoutConfig):
    """Linear discriminant analysis by least squares."""

    only_classes: ClassVar[bool] = True
    standardises: ClassVar[bool] = True
    kind: Literal["lda"]
    shrinkage: Annotated[tuple[Shrinkage, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        ("auto",),
        description="of the covariance: auto (Ledoit & Wolf 2004), none, or a share from 0 to 1",
    )
    class_weight: ClassWeights = UNWEIGHTED


class WienerConfig(ReadoutConfig):
    """Wiener filter: linear regression on the rows of a window, without a penalty."""

    only_values: ClassVar[bool] = True
    standardises: ClassVar[bool] = True
    kind: Literal["wiener"]


class WienerCascadeConfig(ReadoutConfig):
    """Wiener cascade: a polynomial of what the Wiener filter predicts, for each dimension."""

    only_values: ClassVar[bool] = True
    standardises: ClassVar[bool] = True
    kind: Literal["wiener_cascade"]
    degree: Annotated[tuple[Degree, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (2, 3, 4), description="of the polynomial"
    )


class KalmanConfig(ReadoutConfig):
    """Kalman filter: the label is the state, the activity the observation (Wu et al. 2006)."""

    only_values: ClassVar[bool] = True
    sequential: ClassVar[bool] = True
    standardises: ClassVar[bool] = True
    kind: Literal["kalman"]
    order: Annotated[tuple[Order, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (0, 1),
        description="derivatives of the label in the state: 0 none, 1 velocity, 2 acceleration too",
    )
    process_noise: Annotated[tuple[Penalty, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2),
        description="times the fitted covariance of the state's steps: more trusts activity more",
    )
    shrinkage: Annotated[tuple[Shrinkage, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        ("auto",),
        description=(
            "of the covariance of the activity around its mean: auto (Ledoit & Wolf 2004), none, "
            "or a share from 0 to 1"
        ),
    )


class GradientBoostingConfig(ReadoutConfig):
    """Gradient-boosted trees on histograms of the features; of values, a model per dimension."""

    standardises: ClassVar[bool] = True
    kind: Literal["gradient_boosting"]
    learning_rate: Annotated[tuple[Rate, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (0.2,), description="by which each tree's correction is multiplied"
    )
    leaves: Annotated[tuple[Leaves, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (15,), description="the most leaves of a tree (max_leaf_nodes)"
    )
    rounds: Annotated[tuple[Trees, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (10, 25, 50), description="trees one after the other (max_iter); fewer are the first ones"
    )
    class_weight: ClassWeights = UNWEIGHTED


class ExtraTreesConfig(ReadoutConfig):
    """Extremely randomised trees, whose predictions are averaged (Geurts et al. 2006)."""

    standardises: ClassVar[bool] = True
    kind: Literal["extra_trees"]
    trees: Annotated[tuple[Trees, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (100,), description="trees whose predictions are averaged (n_estimators)"
    )
    features: Annotated[tuple[Share, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (0.2,), description="share of the features that are tried for each split (max_features)"
    )
    leaf: Annotated[tuple[Leaf, ...], OneOrMore, BeforeValidator(as_several)] = Field(
        (5,), description="the fewest examples of a leaf (min_samples_leaf)"
    )
    class_weight: ClassWeights = UNWEIGHTED


class NeighboursConfig(ReadoutConfig):
    """k nearest neighbours as every study has them; `evaluation.neighbours` lists the numbers to
    choose from.
    """

    kind: Literal["knn"] = "knn"
    class_weight: ClassWeights = UNWEIGHTED


_METHODS = "raylab.evaluation.readout_methods"
READOUTS.add(KnnConfig, f"{_METHODS}.nearest:NearestNeighbours")
READOUTS.add(NaiveBayesConfig, f"{_METHODS}.naive_bayes:NaiveBayes")
READOUTS.add(RidgeConfig, f"{_METHODS}.ridge:Ridge")
READOUTS.add(LogisticConfig, f"{_METHODS}.logistic:Logistic")
READOUTS.add(SvmConfig, f"{_METHODS}.support_vectors:SupportVectors")
READOUTS.add(LdaConfig, f"{_METHODS}.discriminant:DiscriminantAnalysis")
READOUTS.add(WienerConfig, f"{_METHODS}.wiener:Wiener")
READOUTS.add(WienerCascadeConfig, f"{_METHODS}.wiener:WienerCascade")
READOUTS.add(KalmanConfig, f"{_METHODS}.kalman:KalmanFilter")
READOUTS.add(GradientBoostingConfig, f"{_METHODS}.boosting:GradientBoosting")
READOUTS.add(ExtraTreesConfig, f"{_METHODS}.extra_trees:ExtraTrees")


def _of_evaluation() -> list[type[ReadoutConfig]]:
    return [
        NeighboursConfig if model is KnnConfig else model
        for model in READOUTS.models
        if not model.sequential
    ]


# What decodes embeddings: every readout that needs no course of time, with `knn` as
# `evaluation.neighbours` sets it.
DECODERS = Derived(_of_evaluation)
