"""``python -m benchmarks``: pins the threads, since NumPy reads their number when it loads, then runs the program."""

import sys

from benchmarks.environment import pin
from benchmarks.options import parse

if __name__ == "__main__":
    arguments = parse(sys.argv[1:])
    pin(arguments.threads)
    from benchmarks.cli import main

    sys.exit(main(arguments))
