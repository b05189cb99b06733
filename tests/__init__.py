"""The tests. What several of them share is in conftest, helpers and the strict backend."""
