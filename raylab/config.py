"""What a trial is, as typed, frozen models. An unknown key is an error; what validated is what ran.

A choice (`kind`) is a discriminated union, so that a parameter exists only where its choice was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

S = TypeVar("S")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# -- data ----------------------------------------------------------------------------------------------------


FRACTIONS = (0.6, 0.2, 0.2)
# Three ways to say who gets what, of which a config has one: stating one replaces another.
SHARING = (("fractions",), ("folds", "fold"), ("valid", "test"))


def _folds(value: Any) -> Any:
    if value is None or value == "leave_one_out" or (type(value) is int and value >= 3):
        return value
    raise ValueError("3 or more, or leave_one_out, is needed")


class DealtSplits(Strict):
    """Shares of train, valid and test; or folds, of which `fold` tests, the next one validates and the others train."""

    fractions: tuple[float, float, float] | None = Field(None, description="train, valid, test; default 0.6, 0.2, 0.2")
    folds: Annotated[int | Literal["leave_one_out"] | None, BeforeValidator(_folds)] = None
    fold: int | None = Field(None, ge=0, description="which of the folds tests, counted from 0")

    @model_validator(mode="before")
    @classmethod
    def _default_fractions(cls, value: Any) -> Any:
        """Filled in only where fractions are what deals, so that the record says what ran."""
        if isinstance(value, Mapping) and not any(value.get(key) for key in ("fractions", "folds", "valid", "test")):
            return {**value, "fractions": FRACTIONS}
        return value

    @model_validator(mode="after")
    def _one_way(self) -> DealtSplits:
        stated = [name for name in ("fractions", "folds", "valid", "test") if getattr(self, name, None)]
        if len({name if name in ("fractions", "folds") else "names" for name in stated}) > 1:
            raise ValueError(f"{' and '.join(stated)} exclude each other; keep one")
        shares = self.fractions
        if shares and (min(shares) < 0 or shares[0] <= 0 or abs(sum(shares) - 1) > 1e-6):
            raise ValueError("fractions (train, valid, test) must be positive and sum to 1")
        if (self.folds is None) != (self.fold is None):
            raise ValueError("`folds` (how many) and `fold` (which one tests, from 0) need each other")
        if isinstance(self.folds, int) and self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold {self.fold} does not exist: {self.folds} folds are 0 to {self.folds - 1}")
        if getattr(self, "seed", 0) and not self.fractions and not isinstance(self.folds, int):
            raise ValueError("`seed` has nothing to deal here: leave_one_out and names say who gets what")
        return self


class _InsideSessions(DealtSplits):
    gap_s: float = Field(0.0, ge=0, description="seconds that two splits stay away from each other's samples")


class ChronologicalSplits(_InsideSessions):
    """Contiguous stretches of the recorded samples, in the order of time."""

    kind: Literal["chronological"] = "chronological"

    @model_validator(mode="after")
    def _counted(self) -> ChronologicalSplits:
        if self.folds == "leave_one_out":
            raise ValueError("a number of folds is needed: chronological splits have nothing to leave one out of")
        return self


class BlockedSplits(_InsideSessions):
    """Contiguous blocks dealt at random to train, valid and test: for recordings that drift."""

    kind: Literal["blocked"] = "blocked"
    blocks: int = Field(10, ge=3)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _blocks_for_all(self) -> BlockedSplits:
        if isinstance(self.folds, int) and self.folds > self.blocks:
            raise ValueError(f"{self.folds} folds need at least so many blocks, not {self.blocks}")
        return self


class TrialSplits(_InsideSessions):
    """Whole segments (trials) dealt at random."""

    kind: Literal["trials"] = "trials"
    seed: int = Field(0, ge=0)
    stratify: str | None = Field(None, description="a discrete label whose classes all splits share")


class GroupSplits(_InsideSessions):
    """Whole groups dealt at random: presentations, repeats of a movie, or the classes of a discrete label."""

    kind: Literal["groups"] = "groups"
    by: str = Field(description="a group of the recording, such as presentation or movie_repeat, or a discrete label")
    seed: int = Field(0, ge=0)
    stratify: str | None = Field(None, description="a discrete label whose classes all splits share")


SessionName = Annotated[str, Field(coerce_numbers_to_str=True, min_length=1)]


class _WholeSessions(DealtSplits):
    valid: tuple[SessionName, ...] = Field((), description="by name; what `valid` and `test` do not name trains")
    test: tuple[SessionName, ...] = ()
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _named_once(self) -> _WholeSessions:
        twice = sorted(name for name in {*self.valid, *self.test} if (*self.valid, *self.test).count(name) > 1)
        if twice:
            raise ValueError(f"`valid` and `test` name {', '.join(twice)} twice")
        return self


class SessionSplits(_WholeSessions):
    """Whole sessions dealt at random, or by their id."""

    kind: Literal["sessions"] = "sessions"


class AnimalSplits(_WholeSessions):
    """All sessions of an animal dealt together, at random or by its name."""

    kind: Literal["animals"] = "animals"


class GivenSplits(Strict):
    """The splits the file itself states."""

    kind: Literal["given"] = "given"

    @model_validator(mode="before")
    @classmethod
    def _as_stated(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and any(value.get(key) is not None for key in ("folds", "fold", "fractions")):
            raise ValueError("the file states who trains and who tests; folds and fractions need another kind")
        return value


SplitsConfig = Annotated[
    ChronologicalSplits | BlockedSplits | TrialSplits | GroupSplits | SessionSplits | AnimalSplits | GivenSplits,
    Field(discriminator="kind"),
]


class FiltersConfig(Strict):
    """Units and sessions that a prepared dataset leaves out. Silent and constant units always are."""

    min_rate_hz: float | None = Field(None, ge=0, description="of spike counts: least mean rate in training samples")
    max_rate_hz: float | None = Field(None, gt=0, description="of spike counts: highest rate in any training sample")
    min_units: int = Field(1, ge=1, description="sessions with fewer units left are left out")

    @property
    def rates(self) -> tuple[str, ...]:
        return tuple(name for name in ("min_rate_hz", "max_rate_hz") if getattr(self, name) is not None)


class AllUnits(Strict):
    kind: Literal["all"] = "all"


class VariantUnits(Strict):
    """The units that vary most over the viewed training samples."""

    kind: Literal["variance"]
    count: int = Field(50, ge=1, description="units; a session with fewer keeps all it has")


class CorrelatedUnits(Strict):
    """The units whose viewed activity a label explains best in the training samples."""

    kind: Literal["correlation"]
    count: int = Field(50, ge=1, description="units; a session with fewer keeps all it has")
    label: str | None = Field(None, description="default: task.label, or the session's first label")


class RandomUnits(Strict):
    """Units by lot; with one seed, more units contain the fewer ones."""

    kind: Literal["random"]
    count: int = Field(50, ge=1, description="units; a session with fewer keeps all it has")
    seed: int = Field(0, ge=0)


SelectionConfig = Annotated[AllUnits | VariantUnits | CorrelatedUnits | RandomUnits, Field(discriminator="kind")]


class ViewConfig(Strict):
    """A cheap view of a prepared dataset, in this order: lag, clip, bin or resample, smooth, square root; then units
    are chosen (outliers dropped, selection) and z-scored, by training samples only. See docs/views.md."""

    lag_ms: float = Field(0.0, ge=-60_000, le=60_000, description="labels at t are paired with activity at t - lag")
    clip_min: float | None = Field(None, description="activity below becomes this; in units of the activity")
    clip_max: float | None = Field(None, description="activity above becomes this; in units of the activity")
    bin_ms: float = Field(0.0, ge=0, le=600_000, description="whole prepared samples; 0 keeps the prepared bins")
    resample_hz: float | None = Field(None, gt=0, le=100_000, description="exactly this rate, whatever the session's")
    smoothing_ms: float = Field(0.0, ge=0, le=600_000, description="standard deviation of the Gaussian")
    sqrt: bool = Field(False, description="variance-stabilising square root, for counts and rates")
    outlier_z: float | None = Field(None, gt=0, description="drop units with a larger |z| in a training sample")
    selection: SelectionConfig = AllUnits()
    zscore: bool = Field(True, description="per unit, fitted on training samples")
    normalized_time: bool = Field(False, description="adds the label `time`: 0 to 1 over the training samples")

    @model_validator(mode="before")
    @classmethod
    def _kind_of_selection(cls, value: Any) -> Any:
        selection = value.get("selection") if isinstance(value, Mapping) else None
        if isinstance(selection, Mapping) and "kind" not in selection:
            raise ValueError("selection needs a kind: all, variance, correlation or random")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> ViewConfig:
        if self.clip_min is not None and self.clip_max is not None and self.clip_min >= self.clip_max:
            raise ValueError(f"clip_min {self.clip_min:g} must be below clip_max {self.clip_max:g}")
        if self.bin_ms and self.resample_hz is not None:
            raise ValueError("bin_ms and resample_hz both set the width of a row: give one of them")
        return self

    @property
    def fitted_selection(self) -> bool:
        """Whether which units are shown is learnt from training samples."""
        return self.outlier_z is not None or self.selection.kind in ("variance", "correlation")


class SessionsConfig(Strict):
    """How the sessions of a dataset become one training."""

    combine: Literal["separate", "padded", "first"] = Field(
        "separate", description="an encoder a session; one for all, as wide as the widest; only the first session"
    )

    def used(self, sessions: Mapping[str, S]) -> dict[str, S]:
        """The sessions, in the manifest's order, that training, scores and baselines are about."""
        return dict(list(sessions.items())[: 1 if self.combine == "first" else None])


# -- contrastive models ----------------------------------------------------------------------------------------


class OffsetEncoderConfig(Strict):
    """CEBRA's encoders; the number is the receptive field in samples."""

    kind: Literal["offset1", "offset5", "offset10", "offset15", "offset20", "offset36", "offset40", "offset50"] = (
        "offset10"
    )
    hidden_units: int = Field(32, ge=2, le=4096)
    dropout: float = Field(0.0, ge=0, lt=1, description="chance that a window is shown without a hidden channel")
    block_dropout: float = Field(0.0, ge=0, lt=1, description="the same, where a channel enters a residual block")

    @model_validator(mode="after")
    def _droppable(self) -> OffsetEncoderConfig:
        if self.kind == "offset1" and (self.dropout or self.block_dropout):
            raise ValueError("offset1 has no channels over time to drop; use dropout with the wider ones")
        return self


class WideSampleEncoderConfig(Strict):
    """CEBRA's `offset1-model-mse`: a perceptron on single samples, its hidden layers 30 times as wide as the output."""

    kind: Literal["offset1_wide"]


class SubsamplingEncoderConfig(Strict):
    """CEBRA's encoders that halve the rate inside their receptive field, once or twice."""

    kind: Literal["offset4_2x", "offset20_4x", "offset40_4x"]
    hidden_units: int = Field(32, ge=2, le=4096)


class ProjectorEncoderConfig(Strict):
    """offset10 with a small perceptron for each output dimension."""

    kind: Literal["offset10_projector"]
    hidden_units: int = Field(32, ge=2, le=4096)
    projector_units: int = Field(8, ge=1, le=1024)


class LinearEncoderConfig(Strict):
    """One linear map of the window: the least that can learn, and the hardest to overfit with."""

    kind: Literal["linear"]
    receptive_field: int = Field(1, ge=1, le=512)


class AttentionEncoderConfig(Strict):
    kind: Literal["attention"]
    hidden_units: int = Field(32, ge=4, le=4096)
    heads: int = Field(4, ge=1, le=64)
    receptive_field: int = Field(10, ge=2, le=512)
    dropout: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _divisible(self) -> AttentionEncoderConfig:
        if self.hidden_units % self.heads:
            raise ValueError(f"hidden_units {self.hidden_units} is not divisible by heads {self.heads}")
        return self


EncoderConfig = (
    OffsetEncoderConfig
    | WideSampleEncoderConfig
    | SubsamplingEncoderConfig
    | ProjectorEncoderConfig
    | LinearEncoderConfig
    | AttentionEncoderConfig
)


class ContrastiveModelConfig(Strict):
    encoder: EncoderConfig = Field(default_factory=OffsetEncoderConfig, discriminator="kind")
    output_dimension: int = Field(8, ge=2, le=1024)
    normalize: bool | None = Field(None, description="embeddings of length 1; default: where similarity is cosine")

    @model_validator(mode="before")
    @classmethod
    def _default_encoder(cls, value: Any) -> Any:
        """`model.encoder.hidden_units: 64` alone means the default encoder, wider."""
        if isinstance(value, Mapping) and isinstance(value.get("encoder"), Mapping):
            return {**value, "encoder": {"kind": "offset10", **value["encoder"]}}
        return value


class _InfoNCE(Strict):
    similarity: Literal["cosine", "euclidean"] = "cosine"
    temperature: float = Field(1.0, gt=0, le=100)
    learnable_temperature: bool = False
    min_temperature: float = Field(0.05, gt=0, description="floor of a learnable temperature")

    @model_validator(mode="after")
    def _above_floor(self) -> _InfoNCE:
        if self.learnable_temperature and self.temperature < self.min_temperature:
            raise ValueError(
                f"a learnable temperature {self.temperature} below min_temperature {self.min_temperature} never moves"
            )
        return self


class InfoNCEConfig(_InfoNCE):
    kind: Literal["infonce"] = "infonce"


class FocalInfoNCEConfig(_InfoNCE):
    """InfoNCE in which references that are told from their negatives already count less."""

    kind: Literal["focal"]
    gamma: float = Field(2.0, ge=0, le=10, description="exponent of the weight (1 - p); 0 is InfoNCE")


LossConfig = InfoNCEConfig | FocalInfoNCEConfig


# Positive pairs: what they are (`*Pairs`), drawn alone (`*Sampling`) or as one of several objectives (`*Objective`).

Offset = Annotated[int, Field(ge=1, description="in samples of the view")]


class _Labelled(Strict):
    labels: tuple[str, ...] = Field((), description="labels that define positives; default: task.label")


class TimePairs(Strict):
    """The positive follows its reference by `time_offset`."""

    labels: ClassVar[tuple[str, ...]] = ()
    conditional: Literal["time"] = "time"
    time_offset: Offset = 10


class TimeDeltaPairs(_Labelled):
    """The positive's label is nearest to the reference's plus a change that occurred over `time_offset`."""

    conditional: Literal["time_delta"]
    time_offset: Offset = 10


class DeltaPairs(_Labelled):
    """The positive's label is nearest to the reference's plus Gaussian noise."""

    conditional: Literal["delta"]
    delta: float = Field(0.1, gt=0, description="standard deviation, in units of the label")


class DiscretePairs(_Labelled):
    """The positive is of the reference's class."""

    conditional: Literal["discrete"]


class MixedPairs(_Labelled):
    """As `time_delta` in the continuous labels, among samples of the reference's class in the discrete ones."""

    conditional: Literal["mixed"]
    time_offset: Offset = 10


PairsConfig = TimePairs | TimeDeltaPairs | DeltaPairs | DiscretePairs | MixedPairs
Prior = Literal["empirical", "uniform"]


class Objective(NamedTuple):
    """One loss among those that a trial minimises together.

    Attributes:
        dimensions: [start, stop) of the embedding that it sees; None for all.
    """

    pairs: PairsConfig
    weight: float = 1.0
    dimensions: tuple[int, int] | None = None


class _Drawn(Strict):
    negatives: int | None = Field(
        None, ge=1, le=65_536, description="a step, a session; default: as many as training.batch_size"
    )

    @property
    def losses(self) -> dict[str, Objective]:
        """What is minimised, by name: a kind of pairs alone, or several."""
        assert isinstance(self, PairsConfig)
        return {self.conditional: Objective(self)}

    @property
    def across(self) -> bool:
        """Whether positives come from all sessions."""
        return False

    @property
    def by_time(self) -> bool:
        """Whether no label says what a positive is."""
        return all(isinstance(one.pairs, TimePairs) for one in self.losses.values())


class _Matched(_Drawn):
    positives: Literal["within", "across"] = Field(
        "within", description="from the reference's own session, or from one of all sessions, found by label"
    )

    @property
    def across(self) -> bool:
        return self.positives == "across"


class TimeSampling(_Drawn, TimePairs):
    pass


class TimeDeltaSampling(_Matched, TimeDeltaPairs):
    pass


class DeltaSampling(_Matched, DeltaPairs):
    pass


class DiscreteSampling(_Matched, DiscretePairs):
    prior: Prior = Field("empirical", description="references and negatives: as sampled, or every class as often")


class MixedSampling(_Matched, MixedPairs):
    prior: Prior = Field("uniform", description="references and negatives: as sampled, or every class as often")


class HybridSampling(_Drawn, _Labelled):
    """CEBRA's hybrid training: `time_delta` and `time` at once, on the same references and negatives."""

    conditional: Literal["hybrid"]
    time_offset: Offset = 10
    time_weight: float = Field(1.0, gt=0, le=1000, description="of the time objective beside that of behaviour")
    behaviour_dimensions: int | None = Field(
        None, ge=1, description="the first so many output dimensions learn behaviour, all learn time; default: all"
    )
    renormalize: bool = Field(False, description="the dimensions of an objective are scaled to length 1 before it")

    @property
    def losses(self) -> dict[str, Objective]:
        behaviour = TimeDeltaPairs(conditional="time_delta", time_offset=self.time_offset, labels=self.labels)
        seen = None if self.behaviour_dimensions is None else (0, self.behaviour_dimensions)
        time = Objective(TimePairs(time_offset=self.time_offset), self.time_weight)
        return {"behaviour": Objective(behaviour, dimensions=seen), "time": time}


class _Weighted(Strict):
    weight: float = Field(1.0, gt=0, le=1000, description="of this loss in the sum")
    dimensions: tuple[int, int] | None = Field(None, description="[start, stop) of the embedding; default: all of it")

    @model_validator(mode="after")
    def _some_dimensions(self) -> _Weighted:
        if self.dimensions is not None and not 0 <= self.dimensions[0] < self.dimensions[1]:
            raise ValueError(f"dimensions {list(self.dimensions)} are not [start, stop) with 0 <= start < stop")
        return self


class TimeObjective(_Weighted, TimePairs):
    pass


class TimeDeltaObjective(_Weighted, TimeDeltaPairs):
    pass


class DeltaObjective(_Weighted, DeltaPairs):
    pass


class DiscreteObjective(_Weighted, DiscretePairs):
    pass


class MixedObjective(_Weighted, MixedPairs):
    pass


ObjectiveConfig = Annotated[
    TimeObjective | TimeDeltaObjective | DeltaObjective | DiscreteObjective | MixedObjective,
    Field(discriminator="conditional"),
]


class MultiSampling(_Drawn):
    """Several objectives at once, each with its own meaning of "positive", on the same references and negatives."""

    conditional: Literal["multi"]
    objectives: dict[str, ObjectiveConfig] = Field(min_length=1, description="losses by name, summed")
    renormalize: bool = Field(False, description="the dimensions of an objective are scaled to length 1 before it")

    @property
    def losses(self) -> dict[str, Objective]:
        return {name: Objective(one, one.weight, one.dimensions) for name, one in self.objectives.items()}


SamplingConfig = (
    TimeSampling | TimeDeltaSampling | DeltaSampling | DiscreteSampling | MixedSampling | HybridSampling | MultiSampling
)


def sampling_section(**flat: Any) -> dict[str, Any]:
    """A `sampling` section from the flat arguments of an estimator, without those that its kind of pairs has not."""
    wanted = flat.setdefault("conditional", "time")
    kinds = {model.model_fields["conditional"].annotation: model for model in get_args(SamplingConfig)}
    fields = next((model.model_fields for kind, model in kinds.items() if wanted in get_args(kind)), flat)
    return {name: value for name, value in flat.items() if name in fields}


# -- training ----------------------------------------------------------------------------------------------------


class _Schedule(Strict):
    warmup: float = Field(0.0, ge=0, description="linear rise from zero: below 1 a share of max_steps, else in steps")

    @model_validator(mode="after")
    def _whole_steps(self) -> _Schedule:
        if self.warmup >= 1 and self.warmup != int(self.warmup):
            raise ValueError(f"warmup {self.warmup:g} is neither a share below 1 nor a whole number of steps")
        return self


class ConstantSchedule(_Schedule):
    kind: Literal["constant"] = "constant"


class CosineSchedule(_Schedule):
    """Half a cosine from the learning rate down to a floor (Loshchilov & Hutter 2017, without restarts)."""

    kind: Literal["cosine"]
    floor: float = Field(0.0, ge=0, lt=1, description="where it ends, as a share of the learning rate")


class FixedBeta(Strict):
    kind: Literal["fixed"] = "fixed"


class CycledBeta(Strict):
    """Adam's beta1 falls while the learning rate rises, and rises while that falls."""

    kind: Literal["cycled"]
    low: float = Field(0.85, ge=0, lt=1)
    high: float = Field(0.95, ge=0, lt=1)

    @model_validator(mode="after")
    def _ascending(self) -> CycledBeta:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} must not be above high {self.high:g}")
        return self


class OneCycleSchedule(_Schedule):
    """Up to the learning rate, then far down (Smith & Topin 2019); names and defaults of torch's OneCycleLR."""

    kind: Literal["onecycle"]
    warmup: float = Field(0.3, ge=0, description="the rise (pct_start): below 1 a share of max_steps, else in steps")
    anneal: Literal["cos", "linear"] = "cos"
    div_factor: float = Field(25.0, ge=1, le=1e6, description="it starts at learning_rate / div_factor")
    final_div_factor: float = Field(1e4, ge=1, le=1e12, description="it ends at its start / final_div_factor")
    beta1: FixedBeta | CycledBeta = Field(default_factory=FixedBeta, discriminator="kind")


class OptimizerConfig(Strict):
    kind: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(3e-4, gt=0, le=10, description="the highest, where a schedule changes it")
    weight_decay: float = Field(0.0, ge=0, le=10, description="of weights; never of biases, gains or a temperature")
    clip_norm: float | None = Field(None, gt=0, description="longest gradient, over all parameters at once")
    schedule: ConstantSchedule | CosineSchedule | OneCycleSchedule = Field(
        default_factory=ConstantSchedule, discriminator="kind"
    )

    @model_validator(mode="before")
    @classmethod
    def _default_schedule(cls, value: Any) -> Any:
        """`optimizer.schedule.warmup: 0.1` alone means a constant learning rate after a warm-up."""
        if isinstance(value, Mapping) and isinstance(value.get("schedule"), Mapping):
            return {**value, "schedule": {"kind": "constant", **value["schedule"]}}
        return value


class EarlyStopping(Strict):
    """Training ends when validations bring nothing better any more."""

    patience: int = Field(5, ge=1, description="validations in a row without an improvement")
    min_delta: float = Field(0.0, ge=0, description="an improvement is more than this, in units of the score")


class TrainingConfig(Strict):
    max_steps: int = Field(3000, ge=1)
    batch_size: int = Field(512, ge=2, le=65_536, description="reference samples a step, a session")
    accumulate: int = Field(1, ge=1, le=1024, description="batches a step, each with its own negatives")
    validate_every: int | None = Field(None, ge=1, description="steps; default: a tenth of max_steps")
    keep: Literal["last", "best"] = Field("last", description="the model of which validation; early stopping: best")
    early_stopping: EarlyStopping | None = None
    monitor: str | None = Field(None, description="the validation score that `best` means; default: the objective")
    precision: Literal["float32", "bf16"] = Field("float32", description="of an encoder's products in training")
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @model_validator(mode="before")
    @classmethod
    def _early_stopping_keeps_the_best(cls, value: Any) -> Any:
        """The default of `keep` depends on early stopping; it is written down."""
        if isinstance(value, Mapping) and value.get("early_stopping") is not None:
            return {"keep": "best", **value}
        return value

    @model_validator(mode="after")
    def _monitored(self) -> TrainingConfig:
        if self.keep == "last" and self.early_stopping is not None:
            raise ValueError("early_stopping keeps the best model; leave out keep: last")
        if self.keep == "last" and self.monitor is not None:
            raise ValueError("monitor has nothing to decide where the last model is kept; set keep: best")
        return self

    @property
    def interval(self) -> int:
        return min(self.max_steps, self.validate_every or max(1, self.max_steps // 10))


class EvaluationConfig(Strict):
    """Decoding from embeddings by nearest neighbours; the number of neighbours is chosen on validation."""

    neighbours: tuple[int, ...] = (1, 5, 9, 15, 25, 49, 121, 200)
    max_samples: int = Field(20_000, ge=10, description="reference samples of a split used, evenly spaced")
    bits_batch: int = Field(512, ge=2, description="samples in one fixed evaluation batch of goodness of fit")

    @model_validator(mode="after")
    def _positive(self) -> EvaluationConfig:
        if not self.neighbours or min(self.neighbours) < 1:
            raise ValueError("neighbours must be one or more positive integers")
        return self


class AugmentationConfig(Strict):
    """Changes to training windows only."""

    unit_dropout: float = Field(0.0, ge=0, lt=1, description="chance that a window is shown without a unit")


class ContrastiveTask(Strict):
    kind: Literal["contrastive"] = "contrastive"
    label: str | None = Field(None, description="the label to decode; default: the dataset's first")


def _section(value: Any, name: str) -> Mapping[str, Any]:
    """A section of a mapping that is not validated yet; empty where it is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


class TrialConfig(Strict):
    """What every model family has; a family adds its own sections."""

    sessions: SessionsConfig = SessionsConfig()
    view: ViewConfig = ViewConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="after")
    def _warmup_ends(self) -> TrialConfig:
        warmup, steps = self.optimizer.schedule.warmup, self.training.max_steps
        if warmup >= 1 and warmup >= steps:
            raise ValueError(f"optimizer.schedule.warmup {warmup:g} is not below training.max_steps {steps}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _label_of_selection(cls, value: Any) -> Any:
        """The default of view.selection.label is written down: what was used is what is recorded."""
        task, view = (_section(value, name) for name in ("task", "view"))
        selection = _section(view, "selection")
        if task.get("label") is None or selection.get("kind") != "correlation" or selection.get("label") is not None:
            return value
        return {**value, "view": {**view, "selection": {**selection, "label": task["label"]}}}


class ControlsConfig(Strict):
    """What makes a trial a control rather than a model to be used."""

    shuffle: int | None = Field(None, ge=0, description="seed by which labels are shifted in time, in training only")


class AdaptationConfig(Strict):
    """Of a trained model to other sessions; `raylab adapt` sets it."""

    layers: Literal["input", "all"] = Field("input", description="what is trained: each session's first layer, or all")
    session: str | None = Field(None, description="of the trained model: whose layers, where it has several encoders")


class ContrastiveTrial(TrialConfig):
    task: ContrastiveTask = ContrastiveTask()
    model: ContrastiveModelConfig = ContrastiveModelConfig()
    loss: LossConfig = Field(default_factory=InfoNCEConfig, discriminator="kind")
    sampling: SamplingConfig = Field(default_factory=TimeSampling, discriminator="conditional")
    augmentation: AugmentationConfig = AugmentationConfig()
    controls: ControlsConfig = ControlsConfig()
    adaptation: AdaptationConfig | None = None

    @property
    def normalized(self) -> bool:
        """Whether embeddings have length 1."""
        return self.loss.similarity == "cosine" if self.model.normalize is None else self.model.normalize

    @model_validator(mode="before")
    @classmethod
    def _default_kinds(cls, value: Any) -> Any:
        """`loss.temperature: 0.5` alone means InfoNCE at that temperature, `sampling.time_offset: 5` pairs by time."""
        defaults = {"loss": {"kind": "infonce"}, "sampling": {"conditional": "time"}}
        if not isinstance(value, Mapping):
            return value
        given = {name: kind for name, kind in defaults.items() if isinstance(value.get(name), Mapping)}
        return {**value, **{name: {**kind, **value[name]} for name, kind in given.items()}}

    @model_validator(mode="after")
    def _objectives_fit(self) -> ContrastiveTrial:
        size = self.model.output_dimension
        for name, one in self.sampling.losses.items():
            if one.dimensions is not None and one.dimensions[1] > size:
                seen = f"dimensions {one.dimensions[0]} to {one.dimensions[1] - 1}"
                raise ValueError(f"sampling: objective '{name}' sees {seen}, model.output_dimension is {size}")
        if self.sampling.across and self.sessions.combine == "first":
            raise ValueError("sampling.positives 'across' needs several sessions; sessions.combine is 'first'")
        return self


FAMILIES: dict[str, type[TrialConfig]] = {"contrastive": ContrastiveTrial}
