"""``python -m benchmarks``: pins the threads, since NumPy reads their number when it loads, then runs the program."""

import sys
from importlib.util import find_spec

from benchmarks.environment import pin
from benchmarks.options import parse

if __name__ == "__main__":
    arguments = parse(sys.argv[1:])
    if find_spec("rich") is None:
        sys.exit("error: expected rich, which shows the tables; it is not installed. Run `pip install rich`.")
    pin(arguments.threads)
    from benchmarks.cli import main

    sys.exit(main(arguments))
