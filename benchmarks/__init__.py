"""Times this project and its peers side by side: ``python -m benchmarks``. Uses all packages; nothing imports it."""
