"""The process that reads files for `isolated.py`: it imports libraries and forks for each file."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import signal
import sys
import traceback
from pathlib import Path

from raylab.data.looking.look import kind_of, look
from raylab.data.readers.formats.torch_brain import is_torch_brain
from raylab.data.readers.isolation.limits import largest_array
from raylab.data.readers.isolation.parcel import ERROR, FACTS, SentJob, SourceTask, packed
from raylab.data.readers.read import read_source
from raylab.data.readers.registry import READERS, WITHOUT_RECIPE
from raylab.data.readers.source import Source
from raylab.data.recipe import parse_recipe
from raylab.errors import ConfigError, RaylabError

COPIES, LEAST = 4, 2**30  # of the largest array: what one process may take, and what it always may
MOST = 2**62  # bytes; a limit is a signed number of 64 bits
# Elsewhere system libraries do not survive a fork: the server itself reads, and may die of it.
FORKS = sys.platform == "linux"


def serve() -> None:
    """Read jobs from standard input, a line each; answer each with the exit code of its reader."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        job: SentJob = json.loads(line)
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["working_folder"])
        _import_parsers(job)
        answers.write(b"%d\n" % (_read_in_fork(job) if FORKS else _read(job)))


def _import_parsers(job: SentJob) -> None:
    """Import what the reader of a job needs. Imported here, no fork has to import it again."""
    if job["do"] == "look":
        with contextlib.suppress(OSError, ImportError):  # which the fork reports
            kind = kind_of(Path(job["source"]["path"]))
            for library in kind.libraries if kind is not None else ():
                importlib.import_module(library)
        return
    if job["do"] == "prepare":
        import raylab.data.preparation.tasks  # noqa: F401
    recipe = job["recipe"] or {"format": WITHOUT_RECIPE}
    companions = recipe.get("companions", {}).values()
    for name in {recipe["format"], *(companion["format"] for companion in companions)}:
        reader = READERS.of(name)
        # A broken plug-in or a missing package is an error that the fork reports.
        with contextlib.suppress(ConfigError, ImportError):
            for library in ("h5py",) if job["do"] == "probe" else reader.libraries:
                importlib.import_module(library)
            reader.load(reader.opens or reader.reads)


def _read_in_fork(job: SentJob) -> int:
    """The exit code of the reader: minus the signal that ended it."""
    ended, alive = os.pipe()  # whose writing end closes with the reader
    reader = os.fork()
    if reader == 0:
        _read_and_end(job)
    os.close(alive)
    # Nothing is sent while a job is under way: input that can be read is the end of the process
    # that asked, and what it started must not go on writing.
    if ended not in select.select([ended, sys.stdin.buffer], [], [])[0]:
        os.killpg(0, signal.SIGKILL)
    os.close(ended)
    return os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])


def _read_and_end(job: SentJob) -> None:
    """In the fork: no buffer of the server is flushed, no exit function of it runs."""
    code = 1
    try:
        _limit(job)
        code = _read(job)
    finally:
        os._exit(code)


def _limit(job: SentJob) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if job["cpu_s"] is None:
        return
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    memory = taken + max(LEAST, int(min(COPIES * largest_array(), MOST)))
    for limit, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, job["cpu_s"])):
        with contextlib.suppress(ValueError):  # a lower one is set already
            resource.setrlimit(limit, (most, most))


def _read(job: SentJob) -> int:
    """The answer to the job, or the error, into its folder; 0."""
    folder = Path(job["folder"])
    try:
        _answer(job, folder)
    except RaylabError as error:
        _leave(folder, type(error).__name__, error.what, error.remedy, traceback.format_exc())
    except Exception as error:
        _leave(
            folder,
            "Exception",
            f"{job['source']['path']}: {type(error).__name__}: {error}",
            traceback.format_exc(),
        )
    return 0


def _answer(job: SentJob, folder: Path) -> None:
    path = Path(job["source"]["path"])
    if job["do"] == "read":
        recipe = parse_recipe(job["recipe"], "recipe") if job["recipe"] is not None else None
        packed(read_source(Source.of(job["source"]), recipe), folder)
        return
    if job["do"] == "probe":
        answer: object = {"torch_brain": is_torch_brain(path)}
    elif job["do"] == "look":
        answer = look(path)
    else:
        from raylab.data.preparation.tasks import dumped, prepare_source

        task = SourceTask(
            source=job["source"],
            recipe=job["recipe"],
            sections=job["sections"],
            target=job["target"],
        )
        answer = dumped(prepare_source(task))
    (folder / FACTS).write_text(json.dumps(answer))


def _leave(folder: Path, kind: str, what: str, remedy: str, cause: str = "") -> None:
    record = {"kind": kind, "what": what, "remedy": remedy, "cause": cause}
    (folder / ERROR).write_text(json.dumps(record))
