"""Every notebook runs from top to bottom, and is kept with the outputs of such a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (extra: test)")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed (extra: test)")

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# These train for half a minute on a core of their own.
SLOW = {"09_text_generation", "10_audio"}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=pytest.mark.slow if p.stem in SLOW else ()) for p in NOTEBOOKS]
)
def test_it_runs(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    notebook = read(path)
    resources = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_with_its_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run it from top to bottom"
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs and all(output.output_type != "error" for output in outputs)
    text = path.read_text(encoding="utf-8")
    assert str(ROOT) not in text and "/tmp/ipykernel" not in text, "a path of the machine that ran it"


def test_a_drawing_in_a_notebook_is_a_picture() -> None:
    outputs = [
        o for cell in read(ROOT / "notebooks" / "01_backpropagation.ipynb").cells for o in cell.get("outputs", [])
    ]
    pictures = [o.data["image/svg+xml"] for o in outputs if "image/svg+xml" in o.get("data", {})]
    assert len(pictures) >= 4 and all("max-width: 100%" in picture for picture in pictures)
