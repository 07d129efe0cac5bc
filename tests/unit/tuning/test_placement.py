"""How many trials run at once: never more than fit on the nodes, and never a study that stands
still.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raylab.errors import StudyError
from raylab.space.settings import Resources
from raylab.tuning.planning.placement import WAITING_CPU, of_worker, place, place_as_named

NODES = st.lists(
    st.fixed_dictionaries(
        {
            "CPU": st.integers(0, 5),
            "GPU": st.integers(0, 2),
            "memory": st.sampled_from([0.0, 2e9, 5e9]),
        }
    ),
    min_size=1,
    max_size=4,
)
RESOURCES = st.builds(
    Resources,
    cpus=st.integers(1, 3),
    gpus=st.sampled_from([0.0, 0.0, 0.25, 0.34, 0.5, 0.6, 1.0, 2.0]),
    memory_gb=st.sampled_from([None, None, 1.0, 2.5]),
    workers=st.sampled_from([1, 1, 2, 3, 4]),
)


class Cluster:
    """Nodes as Ray counts them: hundredths of a percent, and GPUs one by one."""

    def __init__(self, nodes: list[dict[str, float]]) -> None:
        self.cpus = [round(node["CPU"] * 10_000) for node in nodes]
        self.memory = [node["memory"] for node in nodes]
        self.gpus = [[10_000] * int(node["GPU"]) for node in nodes]

    def waits(self, at: int) -> bool:
        """Let a process wait on a node; whether it fits."""
        taken = round(WAITING_CPU * 10_000)
        if self.cpus[at] < taken:
            return False
        self.cpus[at] -= taken
        return True

    def worker(self, wanted: dict[str, float]) -> bool:
        """Put a worker on the first node that holds it; whether there is one."""
        cpu, gpu = round(wanted["CPU"] * 10_000), round(wanted.get("GPU", 0) * 10_000)
        whole = max(1, gpu // 10_000) if gpu else 0
        for at, gpus in enumerate(self.gpus):
            free = [index for index, left in enumerate(gpus) if left >= min(gpu, 10_000)]
            if (
                self.cpus[at] < cpu
                or self.memory[at] < wanted.get("memory", 0)
                or len(free) < whole
            ):
                continue
            self.cpus[at] -= cpu
            self.memory[at] -= wanted.get("memory", 0)
            for index in free[:whole]:
                gpus[index] -= min(gpu, 10_000)
            return True
        return False


def fits(nodes: list[dict[str, float]], resources: Resources, trials: int) -> bool:
    """Whether some distribution of the waiting processes leaves places for all workers."""
    count = trials if resources.workers > 1 else 0
    for places in itertools.combinations_with_replacement(range(len(nodes)), count):
        cluster = Cluster(nodes)
        if all(cluster.waits(at) for at in places) and all(
            cluster.worker(of_worker(resources)) for _ in range(trials * resources.workers)
        ):
            return True
    return False


@given(nodes=NODES, resources=RESOURCES)
def test_what_is_promised_can_be_placed_and_what_is_refused_cannot(
    nodes: list[dict[str, float]], resources: Resources
) -> None:
    try:
        slots = place(resources, nodes, 99).slots
    except StudyError:
        # Of several workers more is refused: what Ray could block by where it puts the waiting
        # processes.
        assert resources.workers > 1 or not fits(nodes, resources, 1)
        return
    assert fits(nodes, resources, slots)
    if resources.workers == 1:
        assert not fits(nodes, resources, slots + 1)


@given(nodes=NODES, resources=RESOURCES.filter(lambda resources: resources.workers > 1))
def test_wherever_the_waiting_processes_are_one_trial_has_its_workers(
    nodes: list[dict[str, float]], resources: Resources
) -> None:
    """No distribution of them keeps every trial from its workers, which would be for ever."""
    try:
        slots = place(resources, nodes, 99).slots
    except StudyError:
        return
    for waiting in range(1, slots + 1):
        for places in itertools.combinations_with_replacement(range(len(nodes)), waiting):
            cluster = Cluster(nodes)
            if all(cluster.waits(at) for at in places):
                assert all(cluster.worker(of_worker(resources)) for _ in range(resources.workers))


@pytest.mark.parametrize(
    ("nodes", "resources", "slots", "bound", "beside"),
    [
        ([{"CPU": 2.0}], {}, 2, "CPU", 2),
        ([{"CPU": 64.0}], {}, 9, "trials", 9),
        ([{"CPU": 64.0}], {"concurrent": 3}, 3, "resources.concurrent", 3),
        ([{"CPU": 2.0}, {"CPU": 2.0}], {"workers": 2}, 2, "CPU", 2),
        ([{"CPU": 4.0}], {"workers": 2, "cpus": 2}, 1, "CPU", 2),
        ([{"CPU": 3.0}], {"workers": 3}, 1, "CPU", 3),  # three times a rounded third of a CPU
        ([{"CPU": 16.0, "GPU": 2.0}], {"gpus": 0.5}, 4, "GPU", 4),
        (
            [{"CPU": 16.0, "GPU": 2.0}],
            {"gpus": 0.6},
            2,
            "GPU",
            2,
        ),  # not three: a share is of one GPU
        ([{"CPU": 16.0, "memory": 7e9}], {"memory_gb": 2}, 3, "memory", 3),
        ([{"CPU": 3.0}, {"CPU": 5.0}], {"cpus": 2}, 3, "CPU", 2),
    ],
)
def test_trials_at_once(
    nodes: list[dict[str, float]], resources: dict[str, float], slots: int, bound: str, beside: int
) -> None:
    placement = place(Resources(**resources), nodes, 9)  # type: ignore[arg-type]
    assert (placement.slots, placement.bound, placement.beside) == (slots, bound, beside)


@pytest.mark.parametrize(
    ("nodes", "resources", "why"),
    [
        ([{"CPU": 2.0}], {"cpus": 3}, "one trial needs 3 CPU, the whole cluster has 2"),
        ([{"CPU": 2.0}], {"gpus": 1}, "one trial needs 1 GPU, the whole cluster has 0"),
        ([{"CPU": 2.0}, {"CPU": 2.0}], {"cpus": 4}, "2 nodes have this much"),
        ([{"CPU": 1.0}, {"CPU": 1.0}], {"workers": 2}, "the process that waits for the workers"),
        (
            [{"CPU": 9.0, "GPU": 4.0}],
            {"gpus": 1.5},
            "a share of one GPU, or a whole number of GPUs",
        ),
        ([], {}, "the whole cluster has 0"),
    ],
)
def test_what_never_fits_is_refused_with_the_reason(
    nodes: list[dict[str, float]], resources: dict[str, float], why: str
) -> None:
    with pytest.raises(StudyError, match=why):
        place(Resources(**resources), nodes, 9)  # type: ignore[arg-type]


def test_a_cluster_that_may_grow_is_believed() -> None:
    assert place_as_named(Resources(cpus=8, concurrent=5), 9).slots == 5
    assert place_as_named(Resources(concurrent=5), 2).bound == "trials"
    with pytest.raises(StudyError, match="whole number of GPUs"):
        place_as_named(Resources(gpus=2.5, concurrent=5), 9)
