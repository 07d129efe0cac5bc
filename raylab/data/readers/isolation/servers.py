"""The processes that fork readers.

A process starts them when it reads files, keeps them for the next files, and ends them with itself.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

from raylab.data.readers.isolation.parcel import SentJob

SERVER = "from raylab.data.readers.isolation.child import serve; serve()"


class Server:
    """A process that forks readers, one at a time; started anew after a time-out."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, job: SentJob, timeout_s: float | None) -> int | None:
        """The exit code of the reader: minus the signal that ended it; None where time was over."""
        try:
            return self._ask(job, timeout_s)
        except BaseException:
            # Ctrl-C too: the answer of an old job must not be taken for that of the next.
            self.stop()
            raise

    def _ask(self, job: SentJob, timeout_s: float | None) -> int | None:
        process = self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], timeout_s)[0]:
            self.stop()
            return None
        answer = process.stdout.readline()
        if answer:
            return int(answer)
        code = process.wait()  # the server itself: where it does not fork, it reads
        self.stop()
        return code

    def start(self) -> subprocess.Popen[bytes]:
        """The process, which imports what it needs while this one goes on."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the working folder.
                [sys.executable, "-P", "-c", SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # to be ended with all its forks
            )
        return self._process

    def kill(self) -> None:
        """End the process and its forks. The thread that waits for an answer sees it die."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the process and forget it, in the thread that uses it."""
        self.kill()
        process, self._process = self._process, None
        if process is not None:
            process.communicate()


class Servers:
    """The servers of one process, of which each reads a file at a time."""

    def __init__(self) -> None:
        self._idle: list[Server] = []
        self._busy: list[Server] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[Server]:
        """A server that nobody else uses, started if all others are busy."""
        with self._lock:
            server = self._idle.pop() if self._idle else Server()
            self._busy.append(server)
        try:
            yield server
        finally:
            with self._lock:
                self._busy.remove(server)
                self._idle.append(server)

    def warm(self) -> None:
        """Start a server, if there is none, so that it is ready when the first file is read."""
        with self._lock:
            if not (self._idle or self._busy):
                server = Server()
                server.start()
                self._idle.append(server)

    def end(self, *, keep: int = 0) -> None:
        """End the readers that are busy, and all idle servers but `keep`."""
        with self._lock:
            for server in self._busy:
                server.kill()
            self._idle, ended = self._idle[:keep], self._idle[keep:]
        for server in ended:
            server.stop()


_SERVERS: dict[int, Servers] = {}


def servers() -> Servers:
    """Those of this process: a fork of a process must not share its servers."""
    made = Servers()
    own = _SERVERS.setdefault(os.getpid(), made)
    if own is made:
        atexit.register(_end, os.getpid(), own)
    return own


def _end(owner: int, own: Servers) -> None:
    """At the end of the process, but not of a fork, which would end the servers of its parent."""
    if os.getpid() == owner:
        own.end()
