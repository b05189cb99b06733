"""The worked-example notebook runs from a fresh kernel and prints what is stored in it."""

from __future__ import annotations

import asyncio
import copy
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "03_worked_example.ipynb"


def texts(notebook: Any) -> list[str]:
    found = []
    for cell in notebook.cells:
        printed = False
        for output in cell.get("outputs", ()):
            text = output.get("text") or output["data"].get("text/markdown") or output["data"]["text/plain"]
            # A busy machine sends what one cell prints in several pieces.
            if printed and "text" in output:
                found[-1] += text
            else:
                found.append(text)
            printed = "text" in output
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_worked_example_runs_and_its_outputs_are_the_stored_ones() -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    stored = nbformat.read(NOTEBOOK, as_version=4)
    fresh = copy.deepcopy(stored)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    client = nbclient.NotebookClient(fresh, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    asyncio.run(client.async_execute(env={**os.environ, "PYTHONPATH": path}))
    assert texts(fresh) == texts(stored)
    for printed in ("0.5108", "0.128", "0.4", "0.16", "0.08", "0.8", "0.072", "0.26", "0.744", "0.12", "0.22"):
        assert any(printed in text for text in texts(stored)), f"the document's {printed} is not shown"
