"""Runs notebooks and keeps their outputs: ``python -m tests.notebooks [04 …]``; all of them without names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in its folder, by this working tree's code."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), before]))
    try:
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(path.parent)}}
        nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
        return notebook
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def keep(path: Path) -> None:
    """Run a notebook and write it with its outputs, without what differs from run to run for no reason."""
    notebook = executed(path)
    notebook.metadata = METADATA
    for i, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{i}", {}
        outputs: list[nbformat.NotebookNode] = []
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
            last = outputs[-1] if outputs else {}
            if output.output_type == "stream" and output.name == last.get("name"):
                last["text"] += output.text  # a busy machine may hand over one cell's lines in several parts
            else:
                outputs.append(output)
        if "outputs" in cell:
            cell.outputs = outputs
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


if __name__ == "__main__":
    for notebook_path in NOTEBOOKS:
        if len(sys.argv) == 1 or any(notebook_path.name.startswith(name) for name in sys.argv[1:]):
            keep(notebook_path)
            print(notebook_path.name)
