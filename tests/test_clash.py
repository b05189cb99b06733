"""HIPS autograd has our import name: installed over or under ours, the mixture is refused at import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("autograd", "backends", "nn")

# The files of HIPS autograd that matter here, and what they import of one another, as in its releases 1.2 to 1.9.
HIPS = {
    "__init__.py": "from autograd.core import primitive\nfrom .differential_operators import grad\n",
    "builtins.py": "",
    "core.py": "from .tracer import Box, primitive\n",
    "differential_operators.py": "import autograd.numpy\nfrom .wrap_util import unary_to_nary\n\ndef grad(f): ...\n",
    "extend.py": "from .tracer import Box\n",
    "tracer.py": "class Box: ...\n\ndef primitive(f): ...\n",
    "util.py": "def subvals(x, ivs): ...\n",
    "wrap_util.py": "def unary_to_nary(f): ...\n",
    "numpy/__init__.py": "from . import numpy_boxes\nfrom .numpy_wrapper import *\n",
    "numpy/numpy_boxes.py": "from autograd.extend import Box\n",
    "numpy/numpy_wrapper.py": "",
}


def ours(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    return folder


def theirs(folder: Path) -> Path:
    for name, text in HIPS.items():
        path = folder / "autograd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def python(program: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"}
    # -P would do, but not before Python 3.11: run elsewhere than in the checkout, so that it isn't found first.
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folders[0].parent, env=env, capture_output=True, text=True, timeout=60
    )


def remedy(ran: subprocess.CompletedProcess[str]) -> str:
    """The last line of a refusal, checked to be one."""
    last = ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else ""
    assert ran.returncode != 0 and last.startswith("ImportError: "), ran.stdout + ran.stderr
    assert "HIPS autograd" in last
    assert "python -m pip uninstall -y autograd xpgrad && python -m pip install xpgrad" in last
    return last


@pytest.mark.parametrize(
    "program", ["import autograd", "import autograd.numpy", "from autograd import grad", "import nn"]
)
@pytest.mark.parametrize("order", [(theirs, ours), (ours, theirs)], ids=["ours last", "theirs last"])
def test_a_mixture_is_refused(tmp_path: Path, order, program: str) -> None:
    site = tmp_path / "site"
    for install in order:
        install(site)
    last = remedy(python(program, site))
    assert f"expected xpgrad's files alone in {site / 'autograd'}; got" in last
    assert str(site / "autograd" / "tracer.py") in last


def test_ours_alone_is_not_refused(tmp_path: Path) -> None:
    ran = python("import autograd.tracer, nn; print(autograd.__file__)", ours(tmp_path / "site"))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str(tmp_path / "site" / "autograd" / "__init__.py")


def test_theirs_alone_runs_as_in_its_releases(tmp_path: Path) -> None:
    # Else the tests above could find an error of the imitation's.
    ran = python("import autograd.numpy; print(autograd.grad)", theirs(tmp_path / "site"))
    assert ran.returncode == 0, ran.stderr


def test_each_telltale_alone_is_enough(tmp_path: Path) -> None:
    from autograd._clash import FOREIGN

    assert set(FOREIGN) <= {name.replace("/", os.sep) for name in HIPS}
    for number, name in enumerate(FOREIGN):
        site = ours(tmp_path / str(number))
        (site / "autograd" / name).write_text("")
        assert str(site / "autograd" / name) in remedy(python("import autograd", site))


def test_nn_refuses_theirs_found_before_ours(tmp_path: Path) -> None:
    first, second = theirs(tmp_path / "first"), ours(tmp_path / "second")
    last = remedy(python("import nn", first, second))
    assert f"nn: expected xpgrad's package autograd; got another of that name in {first / 'autograd'}" in last


def test_nn_refuses_what_their_uninstallation_leaves(tmp_path: Path) -> None:
    site = theirs(ours(tmp_path / "site"))
    for name in HIPS:
        (site / "autograd" / name).unlink()
    assert f"another of that name in {site / 'autograd'}" in remedy(python("import nn", site))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pip_installs_both_and_the_advice_mends_it(tmp_path: Path) -> None:
    def pip(*args: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        return subprocess.run([python, "-m", "pip", *args], cwd=tmp_path, capture_output=True, text=True, timeout=300)

    fetched = pip("download", "--no-deps", "--only-binary=:all:", "--dest", "wheels", "autograd", "setuptools")
    if fetched.returncode:
        pytest.skip(f"pip can't fetch HIPS autograd here: {fetched.stderr.strip().splitlines()[-1]}")

    source = ours(tmp_path / "source")
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").write_text("")
    built = pip("wheel", "--no-deps", "--no-index", "--find-links=wheels", "--wheel-dir=wheels", "./source")
    assert built.returncode == 0, built.stderr

    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    bin_ = environment / ("Scripts" if os.name == "nt" else "bin")
    fresh = str(bin_ / "python")
    site = Path(
        subprocess.check_output(
            [fresh, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )

    def install(name: str) -> None:
        ran = pip("install", "--no-deps", "--no-index", "--find-links=wheels", name, python=fresh)
        assert ran.returncode == 0, ran.stderr

    def imported(program: str) -> subprocess.CompletedProcess[str]:
        # NumPy comes from the environment that runs the tests, after the fresh one's own packages and unknown to pip.
        program = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r}); {program}"
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # which would come first
        return subprocess.run([fresh, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)

    for order in (("xpgrad", "autograd"), ("autograd", "xpgrad")):
        for name in order:
            install(name)
        remedy(imported("import autograd"))
        remedy(imported("import nn"))
        assert pip("uninstall", "-y", "autograd", "xpgrad", python=fresh).returncode == 0
        install("xpgrad")
        mended = imported("import autograd, nn; autograd.Tensor")
        assert mended.returncode == 0, mended.stderr
        assert {path.name for path in site.iterdir() if path.is_dir()} >= set(PACKAGES)
        assert not (site / "tests").exists()
        assert all((site / package / "py.typed").exists() for package in PACKAGES)
        assert pip("uninstall", "-y", "xpgrad", python=fresh).returncode == 0
        assert not (site / "autograd").exists()
