"""Every notebook runs from top to bottom, and is kept with the outputs of such a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (extra: test)")
pytest.importorskip("nbclient", reason="nbclient is not installed (extra: test)")

from tests.notebooks import NOTEBOOKS, ROOT, executed  # noqa: E402

# These train for half a minute on a core of their own.
SLOW = {"09_text_generation", "10_audio"}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=pytest.mark.slow if p.stem in SLOW else ()) for p in NOTEBOOKS]
)
def test_it_runs(path: Path) -> None:
    executed(path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_with_its_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    how = f"run python -m tests.notebooks {path.stem[:2]}, and look at the outputs"
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), how
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


def words(name: str) -> str:
    """All that the cells of a notebook printed."""
    cells = read(ROOT / "notebooks" / name).cells
    return "".join(o.text for cell in cells for o in cell.get("outputs", []) if o.output_type == "stream")


def test_the_benchmarks_plots_are_those_of_the_last_run() -> None:
    last = json.loads((ROOT / "benchmarks" / "results" / "latest.json").read_text(encoding="utf-8"))
    how = "the notebook shows an older run: python -m tests.notebooks 05"
    assert f"measured {last['date'][:10]} on {last['machine']['processor']}" in words("05_cpu_and_gpu.ipynb"), how


def test_the_notebook_about_gpus_says_plainly_whether_one_was_used() -> None:
    said = words("05_cpu_and_gpu.ipynb")
    if "works here: numpy, cupy" not in said:
        assert "No GPU is used in this run. cupy: expected CuPy and an NVIDIA GPU" in said
        assert "pip install 'xpgrad[cuda13]'" in said and "The GPU's curve is missing: there is none here." in said
