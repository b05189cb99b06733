"""The coverage ledger: which derivative of which operation is checked, in which dtype, on which backend.

``python -m tests.ledger`` writes docs/coverage.md. A cell says what a row of the table of test cases claims:
``test_primitives`` fails where a claim does not hold on a backend, ``test_coverage_ledger`` where the page is out of
date. Not every run has a GPU, so ``python -m tests.ledger cupy`` notes, on a machine with one, which rows passed.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import backends
from autograd.primitive import PRIMITIVES
from tests.cases import CASES
from tests.cases.base import Case
from tests.checks import argnums, check, lacking

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
GPU_RUN = Path(__file__).parent / "recorded" / "coverage_cupy.json"
KINDS = ("float64", "float32", "float16", "complex")
DERIVATIVES = ("value", "vjp", "jvp", "second")

HEAD = """# What is checked of every operation

Written by `make ledger` from the table of test cases in `tests/cases`; the tests fail where this page is out of date,
and where a claim does not hold.

The letters of a cell are the dtypes it is checked in: **d** float64, **s** float32, **h** float16, **z** complex128 and
complex64. **·** stands where there is no derivative (an integer or boolean result); a gap is a gap.

- *value*: against NumPy's or SciPy's function (✗: there is none to compare with); the same from Tensors as from arrays.
- *vjp*: ⟨Jᵀg, v⟩ against central differences in float64, along random directions; the dtype of every cotangent.
- *jvp*: against the same differences; Taylor's ratio; the complex step, where the function is analytic.
- *2nd*: the jvp of the vjp against differences of the vjp, the vjp of the vjp, and the vjp of the jvp.
- *backends*: where the line is checked. `strict` is NumPy behind CuPy's rules: what CuPy lacks is missing, nothing is
  converted silently, waiting for the device is counted. `numpy` and `strict` are run by every `make test`; `cupy` by
  `make test-gpu`, and stands here for what passed in the last run noted: {gpu}.

Element-wise operations (*e*) are also run on transposed, reversed, strided, 0-d, empty and broadcast operands.
"""


def kinds(case: Case) -> set[str]:
    """The dtypes of a row, complex ones as one."""
    is_complex = any(getattr(x, "dtype", None) is not None and x.dtype.kind == "c" for x in case.args)
    return {"complex" if dtype.startswith("complex") or is_complex else dtype for dtype in case.dtypes}


def claims(case: Case) -> dict[str, set[str]]:
    """derivative -> the dtypes that ``tests.checks.check`` checks it in."""
    missing, found = lacking(case), kinds(case)
    has = {
        "value": True,
        "vjp": case.orders > 0,
        "jvp": case.orders > 0,
        "second": case.orders > 1 and "vjp" not in missing,
    }
    has = {
        name: there and name not in missing and bool(argnums(case) or name == "value") for name, there in has.items()
    }
    return {name: found if there else set() for name, there in has.items()}


def letters(found: set[str]) -> str:
    """``dsh`` for float64, float32 and float16."""
    return "".join(letter for kind, letter in zip(KINDS, "dshz") if kind in found)


def render() -> str:
    """The page."""
    rows: dict[str, list[Case]] = defaultdict(list)
    for case in CASES:
        rows[case.primitive].append(case)
    subjects: dict[str, list[str]] = defaultdict(list)
    for name in sorted(rows):
        module = PRIMITIVES[name].forward.__module__
        subjects[module].append(name)
    passed = json.loads(GPU_RUN.read_text(encoding="utf-8")) if GPU_RUN.exists() else None
    note = f"{passed['device']}, CuPy {passed['cupy']}" if passed else "none so far"
    lines = [HEAD.replace("{gpu}", note)]
    for module in sorted(subjects):
        lines += [
            f"## {module}\n",
            "| operation | | value | vjp | jvp | 2nd | backends | rows | remarks |",
            "|---" * 9 + "|",
        ]
        for name in subjects[module]:
            cases = rows[name]
            total = {d: set().union(*[claims(case)[d] for case in cases]) for d in DERIVATIVES}
            constant = all(not case.orders for case in cases)
            cells = [letters(total["value"]) + ("" if any(case.reference for case in cases) else " ✗")]
            cells += ["·" if constant else letters(total[d]) for d in DERIVATIVES[1:]]
            remarks = "; ".join(dict.fromkeys(part for case in cases for part in (case.lacks, case.note) if part))
            mark = "e" if PRIMITIVES[name].elementwise else ""
            on = " ".join(cases[0].only) or "numpy strict"
            on += " cupy" if passed and {case.id for case in cases} <= set(passed["rows"]) else ""
            lines.append(f"| `{name}` | {mark} | {' | '.join(cells)} | {on} | {len(cases)} | {remarks} |")
        lines.append("")
    return "\n".join(lines)


def note_gpu_run() -> None:
    """Write down which rows pass on CuPy, on a machine that has a GPU."""
    backend = backends.get("cupy")
    import cupy

    device = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    rows = sorted({case.id for case in CASES} - {case.id for case in CASES if check(case, backend)})
    GPU_RUN.write_text(
        json.dumps({"device": device, "cupy": cupy.__version__, "rows": rows}, indent=1), encoding="utf-8"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["cupy"]:
        note_gpu_run()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
