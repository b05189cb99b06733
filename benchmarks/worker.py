"""A process that times one library: reads a request per line from standard input, writes an answer per line.

It is started as a file, not as a module, so that the folder of this project stays off ``sys.path``: HIPS autograd has
the same import name as our ``autograd``. Only the process of this project itself, named by its argument, keeps it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def load_benchmarks() -> None:
    """Make ``benchmarks`` importable, and nothing else of the folder it stands in."""
    spec = importlib.util.spec_from_file_location(
        "benchmarks", HERE / "__init__.py", submodule_search_locations=[str(HERE)]
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmarks"] = module
    spec.loader.exec_module(module)


def answer(session: Any, line: str) -> dict[str, Any]:
    """The answer to a request, or what went wrong with it."""
    try:
        return session.request(**json.loads(line))
    except Exception as error:
        from benchmarks.peers import reason

        return {"error": reason(error)}


def main(ours: bool) -> None:
    """Serve until standard input ends."""
    hidden = (HERE,) if ours else (HERE, HERE.parent)
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() not in hidden]
    load_benchmarks()
    # Libraries print; what they print must not land among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    from benchmarks import environment
    from benchmarks.session import Session

    environment.limit_cores(environment.threads())
    session = Session()
    for line in sys.stdin:
        answers.write(json.dumps(answer(session, line)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:] == ["xpgrad"])
