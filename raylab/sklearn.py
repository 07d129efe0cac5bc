"""A scikit-learn estimator of contrastive embeddings, for arrays in memory.

    from raylab.sklearn import ContrastiveEmbedding
    embedding = ContrastiveEmbedding(encoder="offset10", max_steps=1000).fit_transform(activity,
    position)

All samples that it is fitted on are training samples: they decide the scale of units, the encoder
and, with labels, the positive pairs. To choose settings, split the recording and search
(`raylab search`), or score on samples that `fit` has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.dotted import set_path
from raylab.config.parse import parse
from raylab.config.sampling import sampling_section
from raylab.data.session import Label
from raylab.training.arrays import Trained, fit_arrays
from raylab.training.inputs import label_of, require_numbers

PATHS = {  # of each parameter, the config path that it sets
    "encoder": "model.encoder.kind",
    "hidden_units": "model.encoder.hidden_units",
    "output_dimension": "model.output_dimension",
    "similarity": "loss.similarity",
    "temperature": "loss.temperature",
    "learnable_temperature": "loss.learnable_temperature",
    "conditional": "sampling.conditional",
    "time_offset": "sampling.time_offset",
    "delta": "sampling.delta",
    "zscore": "view.zscore",
    "max_steps": "training.max_steps",
    "batch_size": "training.batch_size",
    "learning_rate": "optimizer.learning_rate",
    "device": "training.device",
}


class ContrastiveEmbedding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A contrastive embedding of samples that follow each other in time (CEBRA: Schneider, Lee &
    Mathis 2023).

    Args:
        encoder: `model.encoder.kind`: offset1 (default), offset5, offset10, offset36, linear,
            attention, ...
        hidden_units: Of the encoder; None for the encoder's default.
        output_dimension: 2 to 1024.
        similarity: cosine (embeddings of length 1) or euclidean.
        temperature: Of InfoNCE; the initial value if it is learnt.
        learnable_temperature: Whether the temperature is trained with the encoder.
        conditional: What defines positive pairs: time, time_delta, delta, discrete, mixed or
            hybrid. None chooses by the labels of `fit`, as CEBRA does: time without labels,
            discrete for classes, time_delta for numbers, mixed for both.
        time_offset: Samples between the two of a pair; not used by `delta` and `discrete`.
        delta: Standard deviation of `delta`, in units of the label.
        zscore: Whether units are scaled by the mean and standard deviation of the samples of `fit`.
        max_steps: Training steps of each call of `fit` and `partial_fit`.
        batch_size: References per step; None for 512, or the number of samples if that is
            smaller.
        learning_rate: Of Adam.
        device: auto, cpu or cuda.
        random_state: An int, which gives the same embedding each time, a RandomState, or None.
        settings: Further config paths, such as {"augmentation.unit_dropout": 0.2};
            docs/search_spaces.md lists them.

    Attributes:
        model_: The trained `raylab.training.model.Model`.
        loss_curve_: Mean InfoNCE, in nats, of each tenth of the steps of the last call.
        n_features_in_: The number of units.
    """

    def __init__(
        self,
        *,
        encoder: str = "offset1",
        hidden_units: int | None = None,
        output_dimension: int = 8,
        similarity: str = "cosine",
        temperature: float = 1.0,
        learnable_temperature: bool = False,
        conditional: str | None = None,
        time_offset: int = 10,
        delta: float = 0.1,
        zscore: bool = True,
        max_steps: int = 3000,
        batch_size: int | None = None,
        learning_rate: float = 3e-4,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        self.hidden_units = hidden_units
        self.output_dimension = output_dimension
        self.similarity = similarity
        self.temperature = temperature
        self.learnable_temperature = learnable_temperature
        self.conditional = conditional
        self.time_offset = time_offset
        self.delta = delta
        self.zscore = zscore
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Any, y: Any = None, *labels: Any) -> ContrastiveEmbedding:
        """Train anew.

        Args:
            X: (samples, units), in the order of time and without gaps.
            y: The label that defines positive pairs: (samples,) or (samples, dimensions) numbers,
                also as a pandas Series or DataFrame. Integers, booleans, text and categories in one
                column, (samples,) or (samples, 1), are classes. None, NaN and `pandas.NA` are
                unlabelled samples. For angles, pass a `raylab.data.session.Label`.
            labels: Further labels of the same form.

        Raises:
            ValueError: an array does not have this form.
            DataError: values are masked, complex (labels), dates or objects of other types.
            ConfigError: a parameter is not valid; the error names the parameter or the config path.
        """
        return self._fit(X, (y, *labels), before=None)

    def partial_fit(self, X: Any, y: Any = None, *labels: Any) -> ContrastiveEmbedding:
        """Train for `max_steps` further steps on these samples and labels, which may differ from
        those of the last call. The scale of units remains that of the first call.
        """
        return self._fit(X, (y, *labels), before=getattr(self, "_trained", None))

    def transform(self, X: Any) -> np.ndarray:
        """Embed (samples, units) in the order of time -> (samples, output_dimension) float32.
        Around the first and the last sample, windows repeat these samples.
        """
        check_is_fitted(self)
        activity: np.ndarray = validate_data(self, X, dtype=np.float32, reset=False)
        require_numbers(X, "X")
        return self.model_.transform(activity)

    def fit_transform(self, X: Any, y: Any = None, *labels: Any) -> np.ndarray:
        """Train anew, and embed the same samples."""
        return self.fit(X, y, *labels).transform(X)

    def _fit(
        self, X: Any, values: tuple[Any, ...], *, before: Trained | None
    ) -> ContrastiveEmbedding:
        activity = validate_data(
            self, X, dtype=np.float32, ensure_min_samples=2, reset=before is None
        )
        require_numbers(X, "X")
        labels = _labels(values, activity)
        config = self._config(labels, len(activity))
        self._trained = fit_arrays(config, activity, labels, before=before)
        self.model_, self.loss_curve_ = self._trained.model, self._trained.losses
        self._n_features_out = config.model.output_dimension
        return self

    def _config(self, labels: Mapping[str, Label], samples: int) -> ContrastiveTrial:
        value: dict[str, Any] = {"training": {"batch_size": min(512, samples)}}
        for name, path in PATHS.items():
            parameter = getattr(self, name)
            if parameter is not None:
                value = set_path(value, path, parameter)
        seed = (
            check_random_state(self.random_state).randint(2**31)
            if self._draws
            else self.random_state
        )
        value = set_path(value, "training.seed", seed)
        if self.conditional is None:
            value = set_path(value, "sampling.conditional", _conditional(labels))
        value = set_path(value, "sampling.labels", list(labels))
        value["sampling"] = sampling_section(**value["sampling"])
        # Last, so that a path that no section has raises an error.
        for path, leaf in (self.settings or {}).items():
            value = set_path(value, path, leaf)
        return parse(ContrastiveTrial, value, type(self).__name__)

    @property
    def _draws(self) -> bool:
        """Whether the seed is drawn from `random_state`. An int is itself the seed."""
        return not isinstance(self.random_state, (int, np.integer))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _conditional(labels: Mapping[str, Label]) -> str:
    if not labels:
        return "time"
    classes = {label.kind == "discrete" for label in labels.values()}
    return "mixed" if len(classes) > 1 else "discrete" if True in classes else "time_delta"


def _labels(arrays: tuple[Any, ...], activity: np.ndarray) -> dict[str, Label]:
    labels = {}
    for index, values in enumerate(array for array in arrays if array is not None):
        name = f"y{index}"
        label = values if isinstance(values, Label) else label_of(values, f"label {name}")
        check_consistent_length(activity, label.values)
        labels[name] = label
    return labels
