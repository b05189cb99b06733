"""The project's own rules: direction of imports, docstrings, a light `import autograd`, metadata, the Makefile."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

# Each package may import itself and what stands before it; nothing imports the last row's folders but they themselves.
LAYERS = ("backends", "autograd", "nn")
AROUND = ("benchmarks", "examples", "tests", "conftest")

BACKEND_NAMES = {"numpy", "cupy", "scalar"} | {
    path.stem.removesuffix("_backend") for path in (ROOT / "backends").glob("*_backend.py")
}

# Import names that differ from the distribution's.
IMPORTED_AS = {"cupy-cuda12x": "cupy", "cupy-cuda13x": "cupy", "scikit-learn": "sklearn"}
# May be imported inside functions: graphviz (required, but loaded when used), parts of optional distributions, what
# is used only where a user has it already, and standard modules that would slow `import autograd`.
LATE = {
    *("graphviz", "cupyx", "llvmlite", "IPython", "ipywidgets", "tensorboard", "tensorboardX"),
    # Over an optional package, loaded when it is asked for.
    "nn.sklearn",
    "autograd.draw.drawing",  # the half of `autograd.draw` that only a drawing needs
    *("concurrent.futures", "difflib", "html", "importlib.metadata", "json", "pathlib", "random", "tracemalloc"),
    "autograd.kernels",  # what only a backend that prints kernels needs
    "backends.numba_loops",  # is made of what an optional distribution compiles
}


def modules(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in ([ROOT / "conftest.py"] if folder == "conftest" else (ROOT / folder).rglob("*.py"))
        if path.exists() and ".ipynb_checkpoints" not in path.parts
    )


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


# Imports ---------------------------------------------------------------------------------------------------


def imports(tree: ast.AST, package: str, inside: bool = False) -> Iterator[tuple[str, int, bool]]:
    """(absolute module name, line, whether inside a function) of every import, `import_module("…")` included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, inside
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            yield ".".join([*parents, *([node.module] if node.module else [])]), node.lineno, inside
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0] if node.args else None
            if (
                name in ("import_module", "__import__")
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                yield first.value, node.lineno, inside
        deeper = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from imports(node, package, inside or deeper)


def package_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parent.parts)


def wrong_direction(tree: ast.AST, package: str) -> list[tuple[int, str]]:
    layer = package.split(".")[0]
    above = {*LAYERS[LAYERS.index(layer) + 1 :], *AROUND}
    return [(line, name) for name, line, _ in imports(tree, package) if name.split(".")[0] in above]


def hidden_imports(tree: ast.AST, package: str) -> list[tuple[int, str]]:
    allowed = LATE | optional_imports()
    return [
        (line, name)
        for name, line, inside in imports(tree, package)
        if inside and name not in allowed and name.split(".")[0] not in allowed
    ]


def distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, f"no distribution's name in the requirement {requirement!r}"
    return found[0].lower()


def expand(extra: str) -> set[str]:
    """The requirements of an extra, with `xpgrad[other]` replaced by those of the other."""
    out = set()
    for requirement in EXTRAS[extra]:
        inner = re.fullmatch(r"xpgrad\[([a-z0-9, ]+)\]", requirement)
        out |= set().union(*(expand(name.strip()) for name in inner[1].split(","))) if inner else {requirement}
    return out


def optional_imports() -> set[str]:
    names = {distribution(r) for extra in EXTRAS if extra not in ("peers", "dev") for r in expand(extra)}
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


def test_imports_run_one_way() -> None:
    found = [
        f"{where(path, line)} imports {name}"
        for path in modules(*LAYERS)
        for line, name in wrong_direction(parse(path), package_of(path))
    ]
    assert not found, "imports may only run backends <- autograd <- nn; " + "; ".join(found)


def test_only_optional_packages_are_imported_inside_functions() -> None:
    found = [
        f"{where(path, line)} imports {name}"
        for path in modules(*LAYERS)
        for line, name in hidden_imports(parse(path), package_of(path))
    ]
    assert not found, "only optional packages may be imported inside functions; " + "; ".join(found)


@pytest.mark.parametrize(
    ("package", "source", "names"),
    [
        ("backends", "import autograd.numpy as np", ["autograd.numpy"]),
        ("backends", "def f():\n    from nn.layers import Dense", ["nn.layers"]),
        ("autograd.ops", "import numpy, backends\nfrom ..tensor import Tensor\nfrom . import shape", []),
        ("autograd", "if TYPE_CHECKING:\n    from nn import Module", ["nn"]),
        ("autograd", "m = importlib.import_module('nn.optim')", ["nn.optim"]),
        ("nn", "from tests import cases", ["tests"]),
        ("nn.layers", "import autograd\nfrom nn.module import Module", []),
    ],
)
def test_the_import_direction_check_finds(package: str, source: str, names: list[str]) -> None:
    assert [name for _, name in wrong_direction(ast.parse(source), package)] == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f():\n    import scipy.special, sklearn.datasets, graphviz, cupy", []),
        ("def f():\n    import importlib.metadata", []),
        ("def f():\n    import numpy", ["numpy"]),
        ("class A:\n    def f(self):\n        if 1:\n            from ..tensor import Tensor", ["autograd.tensor"]),
        ("f = lambda: __import__('csv')", ["csv"]),
        ("try:\n    import json\nexcept ImportError:\n    pass", []),
    ],
)
def test_the_check_of_imports_inside_functions_finds(source: str, names: list[str]) -> None:
    assert [name for _, name in hidden_imports(ast.parse(source), "autograd.ops")] == names


def test_import_autograd_loads_only_what_it_needs() -> None:
    program = "import sys, autograd; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    late = {"graphviz", "scipy", "numba", "cupy", "matplotlib", "rich", "safetensors", "sklearn", "pandas", "torch"}
    loaded = set(ran.stdout.split())
    assert {"autograd", "backends", "numpy"} <= loaded
    assert not loaded & (late | {"nn"})


@pytest.mark.parametrize("path", modules(*LAYERS), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_can_be_imported(path: Path) -> None:
    # Doctests skip a module that fails to import; only an optional package that is not installed may be the reason.
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if name.endswith("__main__"):
        return
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert (error.name or "").split(".")[0] in optional_imports(), error
        pytest.skip(str(error))


# Backends' names -------------------------------------------------------------------------------------------


def branches_on_a_backend(tree: ast.AST) -> list[int]:
    """Lines that compare something with a backend's name, match it, or ask for a particular backend's class."""

    def names_one(node: ast.AST) -> bool:
        return any(isinstance(part, ast.Constant) and part.value in BACKEND_NAMES for part in ast.walk(node))

    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            hit = any(
                isinstance(side, (ast.Constant, ast.Tuple, ast.List, ast.Set)) and names_one(side) for side in sides
            )
        elif isinstance(node, ast.MatchValue):
            hit = names_one(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            hit = node.func.attr in ("startswith", "endswith") and any(map(names_one, node.args))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance" and len(node.args) == 2:
            classes = [getattr(part, "attr", getattr(part, "id", "")) for part in ast.walk(node.args[1])]
            hit = any(name.removesuffix("Backend").lower() in BACKEND_NAMES for name in classes if "Backend" in name)
        else:
            hit = False
        if hit:
            lines.append(node.value.lineno if isinstance(node, ast.MatchValue) else node.lineno)
    return lines


def test_nothing_branches_on_a_backend_name() -> None:
    found = [where(path, line) for path in modules(*LAYERS) for line in branches_on_a_backend(parse(path))]
    assert not found, f"let the backend itself supply what differs, instead of asking for its name: {found}"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("if backend.name == 'cupy': pass", [1]),
        ("x = 1\ny = 'numpy' != of(a).name", [2]),
        ("f(name in ('cupy', 'torch'))", [1]),
        ("match b.name:\n    case 'scalar': pass", [2]),
        ("type(a).__module__.startswith('cupy')", [1]),
        ("isinstance(b, backends.CupyBackend)", [1]),
        ("isinstance(b, Backend)\nget('cupy')\nx.dtype.name == 'float32'\n{'numpy': 1}[k]", []),
    ],
)
def test_the_backend_name_check_finds(source: str, lines: list[int]) -> None:
    assert branches_on_a_backend(ast.parse(source)) == lines


# Modules and metadata --------------------------------------------------------------------------------------


def test_every_module_says_what_it_is() -> None:
    missing = [where(path, 1) for path in modules(*LAYERS, *AROUND) if not ast.get_docstring(parse(path))]
    assert not missing, f"a module begins with a docstring that says what it is: {missing}"


@pytest.mark.parametrize("package", LAYERS)
def test_every_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()
    assert not [
        folder
        for folder in (ROOT / package).rglob("*")
        if any(folder.glob("*.py")) and not (folder / "__init__.py").exists()
    ]


def test_the_source_distribution_holds_what_the_tests_need() -> None:
    lines = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    grafted = {line.split()[1] for line in lines if line.startswith("graft ")}
    included = {name for line in lines if line.startswith("include ") for name in line.split()[1:]}
    assert grafted >= {*AROUND, "docs", "notebooks"} - {"conftest"}
    assert included == {"Makefile", "conftest.py"} and all((ROOT / name).exists() for name in grafted | included)


def test_the_extra_all_is_everything_without_a_gpu_or_peers() -> None:
    rest = set(EXTRAS) - {"all", "cuda12", "cuda13", "peers"}
    assert expand("all") == set().union(*map(expand, rest))
    assert not {distribution(r) for r in expand("all")} & {distribution(r) for r in expand("peers")}


def test_required_distributions_are_few() -> None:
    assert {distribution(r) for r in PROJECT["dependencies"]} == {"numpy", "graphviz"}


def test_extras_named_in_texts_exist() -> None:
    texts = [*modules(*LAYERS, *AROUND), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found = {
        (path.name, extra.strip())
        for path in texts
        for names in re.findall(r"xpgrad\[([a-z0-9, ]+)\]", path.read_text(encoding="utf-8"))
        for extra in names.split(",")
    }
    assert not {(name, extra) for name, extra in found if extra not in {*EXTRAS, "other"}}


# The Makefile ----------------------------------------------------------------------------------------------


def make(*args: str, folder: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    # Not MAKEFLAGS and its like: `make test` runs these tests too.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON", "CUDA"))}
    env["PATH"] = path + os.pathsep + env["PATH"] if path else env["PATH"]
    return subprocess.run(["make", *args], cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def executable(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
def test_make_alone_lists_every_target(tmp_path: Path) -> None:
    listed = set(re.findall(r"^make (\S+)  +\S", make(folder=tmp_path).stdout, flags=re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert phony and listed == set(phony[1].split())


@needs_make
def test_make_with_an_old_python_says_what_it_needs(tmp_path: Path) -> None:
    old = executable(tmp_path / "old-python", "exit 1\n")
    ran = make("test", f"PYTHON={old}", folder=tmp_path)
    assert ran.returncode != 0
    assert f"xpgrad needs Python 3.10 or newer; tried: {old}.\n" in ran.stderr
    assert "or name it: make test PYTHON=/path/to/python3" in ran.stderr
    assert not (tmp_path / ".venv").exists()


@needs_make
def test_make_where_python_lacks_venv_leaves_nothing_behind(tmp_path: Path) -> None:
    # As Debian's python3 without python3-venv: the version is fine, and venv fails half-way.
    python = executable(
        tmp_path / "python", 'case "$*" in *venv*) mkdir -p .venv/bin; : > .venv/bin/python; exit 1;; esac\n'
    )
    ran = make("test", f"PYTHON={python}", folder=tmp_path)
    assert ran.returncode != 0
    assert "can't create environments (on Debian and Ubuntu: apt-get install python3-venv)" in ran.stderr
    assert not (tmp_path / ".venv").exists()


@needs_make
@pytest.mark.parametrize(
    ("header", "extra"),
    [
        ("| NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2     |", "cuda12"),
        ("| NVIDIA-SMI 580.65.06    Driver Version: 580.65.06    CUDA Version: 13.0     |", "cuda13"),
        ("| NVIDIA-SMI 470.82.01    Driver Version: 470.82.01    CUDA Version: 11.4     |", None),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", None),
    ],
)
def test_make_demo_takes_the_cuda_extra_of_the_driver(tmp_path: Path, header: str, extra: str | None) -> None:
    executable(tmp_path / "nvidia-smi", f"cat <<'END'\n+----+\n{header}\n+----+\nEND\n")
    demo = make("--dry-run", "demo", folder=tmp_path, path=str(tmp_path))
    assert demo.returncode == 0, demo.stderr
    assert re.findall(r'pip install .*"\.\[(.*)\]"', demo.stdout) == (["demo", extra] if extra else ["demo"])
    assert ("running on the CPU" in demo.stdout) == (extra is None)
    gpu = make("--dry-run", "test-gpu", folder=tmp_path, path=str(tmp_path))
    assert (gpu.returncode == 0) == (extra is not None)
    assert ("make test-gpu needs an NVIDIA driver for CUDA 12 or newer" in gpu.stderr) == (extra is None)
