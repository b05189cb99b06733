"""Runs the Python in README.md and docs/*.md as a reader would: file by file, block after block, in one program.

A block is left out only with a reason, on the line before it: ``<!-- no-run: needs two GPUs -->``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}|~{3,}) *(?P<tag>[\w+-]*)[^`]*$")
NO_RUN = re.compile(r"^ *<!-- *no-run: *(?P<reason>\S.*?) *-->$")


def program(text: str) -> str:
    """The ``python`` blocks of a Markdown text, everything else replaced by empty lines, so that line numbers agree."""
    out: list[str] = []
    block: list[str] | None = None
    runs = False
    opening = ""
    before = ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if block is None and fence:
            opening, block = fence["mark"], []
            tag = fence["tag"].lower()
            if tag in ("py", "pycon", "python3"):
                raise ValueError(f"line {number}: expected a block tagged python; got {tag}, which no test would run")
            runs = tag == "python" and not NO_RUN.match(before)
            if "no-run" in before and not NO_RUN.match(before):
                raise ValueError(f"line {number - 1}: expected <!-- no-run: reason -->; got {before.strip()!r}")
            out.append("")
        elif block is not None and fence and not fence["tag"] and fence["mark"].startswith(opening):
            out += textwrap.dedent("\n".join(block)).split("\n") if runs and block else [""] * len(block)
            out.append("")
            block = None
        elif block is not None:
            block.append(line)
        else:
            out.append("")
        before = line
    if block is not None:
        raise ValueError(
            f"line {len(text.splitlines())}: expected the block's closing {opening}; got the end of the file"
        )
    return "\n".join(out) + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    source = program(page.read_text(encoding="utf-8"))
    script = tmp_path / f"{page.stem}.py"
    script.write_text(source, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "PYTHONUTF8": "1"}
    ran = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=170
    )
    assert ran.returncode == 0, f"{page.relative_to(ROOT)} (line numbers are the page's):\n{ran.stderr}"


def test_blocks_share_one_program_and_keep_their_lines() -> None:
    text = "# T\n```python\nx = 1\n```\n- a\n\n  ```python\n  if x:\n      y = x\n  ```\n```sh\nrm -rf /\n```\n"
    source = program(text)
    assert source.split("\n")[2] == "x = 1"
    assert source.split("\n")[7:9] == ["if x:", "    y = x"]
    assert "rm" not in source and len(source.splitlines()) == len(text.splitlines())


def test_a_block_is_left_out_with_a_reason_only() -> None:
    assert program("<!-- no-run: needs a GPU -->\n```python\nx\n```\n").strip() == ""
    assert program("<!-- no-run: needs a GPU -->\n\n```python\nx\n```\n").strip() == "x"
    with pytest.raises(ValueError, match="line 1: expected <!-- no-run: reason -->; got '<!-- no-run -->'"):
        program("<!-- no-run -->\n```python\nx\n```\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```pycon\n>>> 1\n```\n", "line 1: expected a block tagged python; got pycon"),
        ("a\n```python\nx = 1\n", "line 3: expected the block's closing ```; got the end of the file"),
    ],
)
def test_blocks_that_would_never_run_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        program(text)
