"""Where contenders run: this process, or a worker process per library behind a pipe. One interface for both."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from benchmarks.peers import OURS, PEERS, PeerError, process_environment, reason
from benchmarks.session import Session

# Longer than any step should take: what hangs must not hang the whole run.
PATIENCE = 600.0


class Local:
    """Contenders in this process."""

    def __init__(self) -> None:
        self._session = Session()

    def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        """See :class:`benchmarks.session.Session`."""
        try:
            return self._session.request(do, **arguments)
        except Exception as error:
            raise PeerError(reason(error)) from error

    def close(self) -> None:
        """Forget everything prepared."""
        self._session.release()


class Remote:
    """Contenders in a process of their own, with the interpreter that has their library."""

    def __init__(self, python: str, peer: str, jit: bool = True) -> None:
        self._peer = peer
        self._said: deque[str] = deque(maxlen=8)
        try:
            self._process = subprocess.Popen(
                [python, str(Path(__file__).with_name("worker.py")), peer],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=process_environment(peer, jit),
            )
        except OSError as error:
            raise PeerError(f"{peer}: expected a working Python at {python}; got {error}. Correct it.") from None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        # An unread pipe would fill, and stop the worker in the middle of a print.
        assert self._process.stderr
        self._said.extend(line.strip() for line in self._process.stderr if line.strip())

    def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        """See :class:`benchmarks.session.Session`."""
        assert self._process.stdin and self._process.stdout
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            time.sleep(0.1)
            said = " / ".join(self._said)[-300:]
            raise PeerError(f"{self._peer}: its process ended during {do}; it last said: {said}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout and self._process.stderr
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended by itself
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._process.stdout.close()
        self._process.stderr.close()


Host = Local | Remote


class Hosts:
    """The processes of a run, started when first needed."""

    def __init__(self, interpreters: dict[str, str]) -> None:
        """``interpreters``: the Python of each peer that takes part."""
        self.interpreters = {OURS: sys.executable, **interpreters}
        self._local = Local()
        self._remote: dict[tuple[str, bool], Remote] = {}

    def of(self, peer: str, jit: bool = True) -> Host:
        """The process that ``peer`` runs in; ours without the extra ``jit`` is another."""
        python = self.interpreters[peer]
        if jit and (peer == OURS or (python == sys.executable and not PEERS[peer].apart)):
            return self._local
        if (peer, jit) not in self._remote:
            self._remote[peer, jit] = Remote(python, peer, jit)
        return self._remote[peer, jit]

    def release(self) -> None:
        """Forget what is prepared, everywhere."""
        self._local.close()
        for key, host in list(self._remote.items()):
            try:
                host.request("release")
            except PeerError:
                host.close()
                del self._remote[key]

    def close(self) -> None:
        """End every process."""
        self._local.close()
        for host in self._remote.values():
            host.close()
        self._remote.clear()


def run_program(
    python: str, peer: str, source: str, timeout: float = PATIENCE, jit: bool = True
) -> tuple[float, dict[str, Any]]:
    """Seconds that a fresh interpreter took for a program, and the JSON object on the last line that it printed.

    Raises:
        PeerError: it failed; the text holds the end of what it said.
    """
    # `-c` puts the folder it runs in first on sys.path: an empty one hides no module.
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        try:
            ran = subprocess.run(
                [python, "-c", source],
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=timeout,
                env=process_environment(peer, jit),
                cwd=folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerError(f"{peer}: {error}") from None
        seconds = time.perf_counter() - start
    if ran.returncode:
        raise PeerError(f"{peer}: its program failed: {' '.join(ran.stderr.strip().splitlines()[-1:])[-300:]}")
    lines = ran.stdout.strip().splitlines()
    try:
        return seconds, json.loads(lines[-1]) if lines else {}
    except json.JSONDecodeError:
        raise PeerError(f"{peer}: its program's last line should be a JSON object; it is {lines[-1][:80]!r}") from None
