"""The course of time of decoding examples, for readouts that are sequential."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raylab.config.decoder import DecoderTrial
from raylab.data.examples import part_of
from raylab.data.shard import SessionShard
from raylab.evaluation.readout_method import Course
from raylab.tasks.decoder.examples import anchors, example_activity
from raylab.tasks.decoder.model import DecoderModel

BATCH = 8192  # rows whose windows are gathered at a time


def course_of(
    config: DecoderTrial, model: DecoderModel, session: SessionShard, rows: np.ndarray
) -> Course:
    """The course of (n, L) examples: all rows of the continuous parts in which there are examples,
    with a window around each row.
    """
    parts, anchor = session.timeline.parts, anchors(config, rows)
    part = part_of(session.timeline, anchor)
    held = [np.arange(*parts[each, :2]) for each in np.unique(part)]
    every = np.concatenate([np.zeros(0, np.int64), *held])
    left, right = config.input.around
    starts, stops = (parts[part_of(session.timeline, every), column, None] for column in (0, 1))
    windows = np.clip(every[:, None] + np.arange(-left, right), starts, stops - 1)
    place = model.place[session.timeline.session]
    features = [
        model.features(place, example_activity(config, session, some))
        for some in np.split(windows, range(BATCH, len(windows), BATCH))
    ]
    # One is added for each part before a row, so that no part follows the one before it.
    time = every + part_of(session.timeline, every)
    return Course(np.concatenate(features), time, np.searchsorted(every, anchor))


def joined(courses: Sequence[Course]) -> Course:
    """The courses of several sessions, one after the other and apart."""
    times, places, after, count = [], [], 0, 0
    for course in courses:
        times.append(course.time + after)
        places.append(course.at + count)
        after, count = int(times[-1].max(initial=after)) + 2, count + len(course.rows)
    rows = np.concatenate([course.rows for course in courses])
    return Course(rows, np.concatenate(times), np.concatenate(places))
