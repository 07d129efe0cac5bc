"""What the numbers of an answer amount to, in a word."""

from __future__ import annotations

from raylab.analysis.answering.results import Answer, Outcome, Span

LEAD = 0.1  # of validation over chance; what led by less can be lost without any drift
LEVEL = 0.05  # of the test against chance
KEPT = 0.5  # of validation's lead over chance; a test score that keeps less contradicts it


def outcome_of(answer: Answer) -> Outcome:
    """The outcome that the sentence and the report's colour follow."""
    recommended = answer.recommended
    if recommended is None:
        return "nothing"
    if recommended.score is None or read_folds(answer) < answer.folds:
        return "unread"
    if is_lost(answer) or is_reversed(answer):
        return "contradicted"
    if not beats_chance(answer):
        return "chance"
    if recommended.family == "baseline":
        return "baseline"
    if answer.baseline is None:
        return "alone"
    return "better" if is_above(answer.difference) else "tied"


def beats_chance(answer: Answer) -> bool:
    """Whether the recommended entrant predicts the test parts better than a constant. Validation
    chose it, so that it is the only one that is asked.
    """
    pvalue = answer.chance_pvalue
    return is_above(answer.above_chance) and pvalue is not None and pvalue < LEVEL


def read_folds(answer: Answer) -> int:
    """In how many folds the test part was read with the recommended entrant."""
    return sum(row.recommended.test is not None for row in answer.by_fold)


def is_lost(answer: Answer) -> bool:
    """Whether the test parts lose most of what validation had above chance.

    Less than half of a lead of at least 0.1 is left, which choosing among many tries does not
    cost. And it is no accident: the intervals of the two leads do not touch, or the lead of
    validation is sure and that of test is not there.
    """
    valid, test = answer.validation.above_chance, answer.above_chance
    if valid.value is None or valid.low is None or test.value is None or test.high is None:
        return False
    is_apart = test.high < valid.low or (valid.low >= LEAD and not is_above(test))
    return valid.value >= LEAD and test.value < KEPT * valid.value and is_apart


def is_reversed(answer: Answer) -> bool:
    """Whether validation prefers a model to the best baseline, and test clearly the baseline."""
    valid, test = answer.validation.difference.value, answer.difference.high
    is_model = answer.recommended is not None and answer.recommended.family != "baseline"
    return is_model and valid is not None and valid > 0 and test is not None and test < 0


def is_above(difference: Span) -> bool:
    """Whether the whole interval of a difference is above 0."""
    return difference.low is not None and difference.low > 0
