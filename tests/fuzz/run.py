"""Run fuzz cases, each in a forked process with limits: python -m tests.fuzz.run --cases 2000
--seed 0
"""

from __future__ import annotations

import argparse
import collections
import gc
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MEMORY = 2**29  # more than this process has: a bomb fills it, so a higher limit only takes longer
SECONDS = 10.0
LARGEST_GB = "0.0625"
FAILURE = "\0"  # before a traceback


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        state: readable, refused (a raylab error), died or hung (but refused by the isolated
            reader), or failed.
    """

    target: str
    damage: str
    state: str
    said: str = ""


def run_case(target: str, seed: int, number: int, folder: Path) -> Outcome:
    """One case in child processes: where the parser dies or hangs, once more as `prepare` reads,
    which must not.
    """
    from tests.fuzz import cases

    said, failure = _forked(lambda say: _write_and_read(folder, target, seed, number, say))
    damage, _, state = said.partition("\n")
    if not failure:
        return Outcome(target, damage, state)
    if not damage or not failure.startswith(("died", "hung")):
        return Outcome(target, damage or "unwritten", "failed", failure)
    isolated, again = _forked(
        lambda say: say(cases.read_isolated_case(folder, target, SECONDS / 4)), 6 * SECONDS
    )
    # What hung may only have been slow on a busy machine; what died would die again.
    if again or (isolated != "refused" and failure != "hung"):
        return Outcome(target, damage, "failed", f"{failure}, and isolated {isolated} {again}")
    return Outcome(target, damage, failure.split()[0])


def _write_and_read(
    folder: Path, target: str, seed: int, number: int, say: Callable[[str], None]
) -> None:
    from tests.fuzz import cases

    say(cases.write_case(folder, target, seed, number) + "\n")
    say(cases.read_case(folder, target))


def _forked(
    work: Callable[[Callable[[str], None]], None], seconds: float = SECONDS
) -> tuple[str, str]:
    """What `work` said in a fork of this process, and how it failed: a traceback, `died ...`,
    `hung`, or not at all.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _work(work, sending)
    os.close(sending)
    said, hung = _listen(receiving, seconds)
    if hung:
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if hung:
        return said, "hung"
    if os.WIFSIGNALED(status):
        return said, f"died {signal.Signals(os.WTERMSIG(status)).name}"
    text, _, failure = said.partition(FAILURE)
    return text, failure or ("" if status == 0 else f"status {status}")


def _work(work: Callable[[Callable[[str], None]], None], sending: int) -> None:
    def say(text: str) -> None:
        os.write(sending, text.encode("utf-8", "backslashreplace"))

    try:
        memory = (
            MEMORY + int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        )
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        work(say)
    except BaseException:
        say(FAILURE + traceback.format_exc()[-3000:])
    os._exit(0)


def _listen(receiving: int, seconds: float) -> tuple[str, bool]:
    """All that the child wrote, and whether it was still busy when its time was over."""
    end, said = time.monotonic() + seconds, b""
    with os.fdopen(receiving, "rb", buffering=0) as pipe:
        while (left := end - time.monotonic()) > 0:
            if not select.select([pipe], [], [], left)[0]:
                break
            part = pipe.read(65536)
            if not part:
                return said.decode(), False
            said += part
    return said.decode(), True


def run(cases_: int, seed: int, only: tuple[str, ...], first: int, keep: Path) -> int:
    from tests.fuzz import cases

    begin = time.monotonic()
    cases.prepare_all()
    gc.freeze()  # a collection in a fork would copy all of the parent
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    slow: list[tuple[float, str]] = []
    failed = 0
    for number in range(first, first + cases_):
        folder = Path(tempfile.mkdtemp(prefix="raylab-fuzz-"))
        started = time.monotonic()
        target = cases.target_of(number, only or cases.TARGETS)
        try:
            outcome = run_case(target, seed, number, folder)
            slow.append((time.monotonic() - started, f"{target} {outcome.damage} {number}"))
            counts[target, outcome.state] += 1
            if outcome.state == "failed":
                failed += 1
                place = cases.saved(folder, keep / f"{target}-{seed}-{number}.zip")
                again = f"--seed {seed} --first {number} --cases 1" + (
                    f" --only {','.join(only)}" if only else ""
                )
                print(
                    f"FAILED {target} ({outcome.damage}): {again}; saved as "
                    f"{place}\n{outcome.said}",
                    flush=True,
                )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    _report(counts, slow, time.monotonic() - begin)
    return min(failed, 100)


def _report(
    counts: collections.Counter[tuple[str, str]], slow: list[tuple[float, str]], seconds: float
) -> None:
    states = sorted({state for _, state in counts})
    print(f"{'':22}" + "".join(f"{state:>14}" for state in states))
    for target in sorted({target for target, _ in counts}):
        print(f"{target:22}" + "".join(f"{counts[target, state]:14}" for state in states))
    print(
        f"{'all':22}"
        + "".join(f"{sum(n for (_, s), n in counts.items() if s == state):14}" for state in states)
    )
    slowest = ", ".join(f"{name} {taken:.1f} s" for taken, name in sorted(slow, reverse=True)[:3])
    print(f"{sum(counts.values())} cases in {seconds:.0f} s; slowest: {slowest}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, help="default: at random, and printed")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", default="", help="formats, separated by commas")
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz-failures"), help="where failing cases are saved"
    )
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**31)
    print(f"seed {seed}", flush=True)
    os.environ["RAYLAB_MAX_ARRAY_GB"] = LARGEST_GB
    warnings.simplefilter("ignore")
    return run(
        given.cases, seed, tuple(filter(None, given.only.split(","))), given.first, given.keep
    )


if __name__ == "__main__":
    sys.exit(main())
