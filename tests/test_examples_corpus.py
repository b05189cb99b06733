"""The texts that examples learn from: what is taken, what is left out, and machines on which something is missing."""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
import tokenize
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parent.parent / "examples" / "corpus.py"


@pytest.fixture(scope="module")
def corpus() -> Any:
    spec = importlib.util.spec_from_file_location("corpus", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_library_is_read_in_order_without_its_tests(corpus: Any) -> None:
    found = corpus.sources()
    assert list(found) == sorted(found) and len(found) > 100
    assert {"json/decoder.py", "threading.py"} <= set(found)
    assert not [name for name in found if "test" in name.split("/") or "site-packages" in name]
    some = corpus.sources(20, largest=40_000)
    assert len(some) == 20 and some.items() <= found.items() and max(map(len, some.values())) <= 40_000


SOURCE = '''"""What it is."""

import os  # the system


class A:
    """Of a class,
    on two lines."""  # with a comment

    text = """no docstring"""  # kept
    "a string that is a statement"
    page = "a form\f\ffeed"
\f

def f(x, key="# no comment"):
    # gone
    "Of a function."
    return (
        "in brackets"  # kept as well
        + x
    )
'''


def test_code_is_what_runs(corpus: Any) -> None:
    assert corpus.code(SOURCE) == (
        'import os\nclass A:\n    text = """no docstring"""\n    page = "a form\f\ffeed"\n'
        'def f(x, key="# no comment"):\n'
        '    return (\n        "in brackets"\n        + x\n    )\n'
    )
    assert corpus.docstrings(SOURCE) == ["What it is.", "Of a class,\non two lines.", "Of a function."]


def test_code_of_real_files_has_the_same_tokens(corpus: Any) -> None:
    dropped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.STRING}

    def tokens(text: str) -> list[str]:
        found = tokenize.generate_tokens(StringIO(text).readline)
        return [token.string for token in found if token.type not in dropped]

    for text in corpus.sources(10, largest=40_000).values():
        stripped = corpus.code(text)
        assert tokens(stripped) == tokens(text)


def test_paragraphs_are_sentences(corpus: Any) -> None:
    text = (
        "A heading\n*********\n\n"
        "This is a paragraph of “some words”, which goes on\nover a second line and ends here.\n\n"
        "   This is indented, so it is an example or a list, and nothing that is taken.\n\n"
        "and this begins in the middle of a sentence, so it is no paragraph of its own, either.\n\n"
        "x = [1, 2, 3]; y = {1: 2, 3: 4}; z = (x, y); print(x + y * 2 - 4, z[0:2], x[::-1], end='')."
    )
    assert corpus.paragraphs(text) == (
        'This is a paragraph of "some words", which goes on over a second line and ends here.'
    )
    assert corpus.typed("naïve – “so”…") == 'naive - "so"...'


def test_prose_is_there_without_reference_and_licence(corpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = corpus.prose()
    assert sum(map(len, whole.values())) >= 300_000 and list(whole) == sorted(whole)
    assert all(text.isascii() for text in whole.values())
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    monkeypatch.setattr(corpus, "_licences", dict)
    less = corpus.prose(50_000)
    assert sum(map(len, less.values())) >= 50_000 and not [name for name in less if name.startswith("reference")]


def test_headers_have_no_comments(corpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = corpus.headers()
    assert "numpy/numpy/ndarraytypes.h" in found
    assert not [name for name, text in found.items() if "/*" in text]
    paths = sysconfig.get_path
    monkeypatch.setattr(sysconfig, "get_path", lambda name: None if name == "include" else paths(name))
    assert corpus.headers().keys() == {name for name in found if name.startswith("numpy/")}


def test_a_library_that_is_no_files_is_told(corpus: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"expected Python's standard library as .py files in .*; found none"):
        corpus.sources()


def test_trees_are_made_without_warnings(corpus: Any) -> None:
    assert isinstance(corpus.parsed('text = "\\d"'), ast.Module)
