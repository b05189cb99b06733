"""``python -m benchmarks``: pins the threads, since NumPy reads their number when it loads, then runs the program."""

import signal
import sys
from importlib.util import find_spec

from benchmarks.environment import pin
from benchmarks.options import parse


def run() -> int:
    """The program, once the threads are pinned."""
    arguments = parse(sys.argv[1:])
    if find_spec("rich") is None:
        sys.exit("error: expected rich, which shows the tables; it is not installed. Run `pip install rich`.")
    pin(arguments.threads)
    from benchmarks.cli import main

    # A batch system that ends a job gets what was measured, too, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return main(arguments)


if __name__ == "__main__":
    try:
        sys.exit(run())
    except KeyboardInterrupt:  # while all of this was still loading
        sys.exit(130)
