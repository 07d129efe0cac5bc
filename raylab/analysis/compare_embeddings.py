"""A model beside other embeddings of the same samples: PCA, UMAP, t-SNE and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.analysis.comparison.embedding_scores import EmbeddingScores, MethodScores
from raylab.analysis.comparison.saved_embeddings import SavedEmbeddings
from raylab.analysis.models.trained import load_trained
from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError
from raylab.evaluation.comparison import METHODS
from raylab.paths import AnyPath
from raylab.reporting.figures.comparison import comparison_figure
from raylab.reporting.figures.files import keep_score
from raylab.results import Result


@dataclass(frozen=True)
class EmbeddingComparison(Result):
    """A model beside other embeddings.

    Attributes:
        split: valid or test.
        trial: The trial of the model.
        samples: At most so many samples of each split and session were used.
        sessions: The sessions that were compared.
        methods: "trial ID", the method or the name of the file -> its scores.
    """

    split: str
    trial: str
    samples: int
    sessions: tuple[str, ...]
    methods: Mapping[str, MethodScores]


def compare_embeddings(
    path: AnyPath,
    *,
    against: Sequence[str | Path] = ("pca", "umap", "tsne"),
    trial: str | None = None,
    split: str = "valid",
    samples: int = 2000,
    seed: int = 0,
) -> EmbeddingComparison:
    """Decode every label from a model's embedding and from others of the same samples.

    The other methods receive what the model's encoder receives: the activity of its view, in
    windows of its receptive field. For each embedding, the number of neighbours and the distance of
    the nearest-neighbour decoder are chosen on validation. The result and a figure are written to
    the study's `scores` folder.

    Args:
        path: The study.
        against: Some of pca, umap and tsne, and files of embeddings (.parquet or .npz; see
            `SavedEmbeddings`).
        trial: Default: the study's winner.
        split: `valid` or `test`. Each reading of the test split is counted.
        samples: Samples of each split and session, evenly spaced. t-SNE and UMAP take long for
            many.
        seed: The seed of the methods that draw random numbers.

    Returns:
        For each method, the scores of every label with 95 % intervals.

    Raises:
        ConfigError: There is no such method, or one is named twice.
        StudyError: The package umap-learn is not installed.
        DataError: A file lacks samples.

    Example:
        >>> result = raylab.compare_embeddings("study", against=["pca"], samples=60)
        >>> list(result.methods)
        ['trial 0001', 'pca']
        >>> result.methods["pca"].dimensions
        3
    """
    methods, files = _sorted_out(against)
    trained = load_trained(path, trial)
    trained.read(split, "comparison")
    config = trained.model.config.evaluation.model_copy(update={"max_samples": samples})
    scores = EmbeddingScores(trained, split, config)
    scores.add(f"trial {trained.trial}", scores.of_model(), transductive=False)
    for name in methods:
        scores.add(name, scores.of_method(name, seed), transductive=METHODS[name].transductive)
    for file in files:
        scores.add(file.name, scores.of_file(file), transductive=None)
    result = EmbeddingComparison(
        split, trained.trial, samples, tuple(scores.sessions), scores.methods
    )
    transductive = [name for name, method in scores.methods.items() if method.transductive]
    figure = comparison_figure(scores.drawn, transductive)
    keep_score(trained.study, f"comparison-{split}", result.to_dict(), figure)
    return result


def _sorted_out(against: Sequence[str | Path]) -> tuple[list[str], list[SavedEmbeddings]]:
    """Methods and files, told apart."""
    methods, files = [], []
    names = [Path(name).name for name in against]
    if len(set(names)) < len(names):
        raise ConfigError(
            f"'{max(names, key=names.count)}' is named twice",
            "Give each method, and each file name, once.",
        )
    for name in against:
        if str(name) in METHODS:
            methods.append(str(name))
        elif Path(name).suffix in (".parquet", ".npz"):
            files.append(SavedEmbeddings.read(Path(name)))
        else:
            raise ConfigError(
                f"no method '{name}' to compare with",
                did_you_mean(str(name), METHODS) + " Or a .parquet or .npz file.",
            )
    return methods, files
