"""Text that every machine with Python and NumPy has: the standard library, its documentation, licences, C headers.

What is read depends on the versions installed, so results differ a little between machines; on one machine they don't.
Each function gives a dict from a text's name to the text, in the order of the names, so that whole files can be held
out for testing.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import sysconfig
import tokenize
import unicodedata
import warnings
from importlib import metadata
from pathlib import Path

import numpy

# Tests, tables of characters, programs of their own, and other people's packages.
LEFT_OUT = {"test", "tests", "encodings", "pydoc_data", "idlelib", "lib2to3", "site-packages", "dist-packages"}
# Typographers' characters and what stands for them on a keyboard; accents are dropped, all else is left out.
TYPED = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "•": "*", "…": "...", "→": "->"})


def sources(limit: int | None = None, largest: int = 100_000) -> dict[str, str]:
    """Python files of the standard library, ``"json/decoder.py"`` by name.

    Args:
        limit: so many of them, spread evenly over the names; None for all.
        largest: files with more characters are left out.

    Raises:
        FileNotFoundError: the library is not there as files.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    found = {}
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
        parts = path.relative_to(folder).parts
        if LEFT_OUT.isdisjoint(parts) and not parts[0].startswith(("config-", "_sysconfigdata")):
            text = _read(path)
            if 500 < len(text) <= largest:
                found["/".join(parts)] = text
    if not found:
        raise FileNotFoundError(
            f"sources: expected Python's standard library as .py files in {folder}; found none. "
            "Run this with a Python that is not packed into one file."
        )
    return found if limit is None else _spread(found, limit)


def code(source: str) -> str:
    """A Python file without its comments, docstrings and empty lines."""
    # A string that is a statement is a docstring: it comes first on its line, and nothing else stands there.
    kept, fresh = [], True
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for i, token in enumerate(tokens):
        alone = token.type == tokenize.STRING and fresh and tokens[i + 1].type in (tokenize.NEWLINE, tokenize.COMMENT)
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING):
            fresh = True
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            fresh = False
        if alone or token.type == tokenize.COMMENT:
            kept.append((token.start, token.end))
    lines = list(io.StringIO(source))  # as tokenize counts them: splitlines() would split at form feeds as well
    for (row, column), (last, end) in reversed(kept):
        lines[row - 1 : last] = [lines[row - 1][:column] + lines[last - 1][end:]]
    return "".join([line.rstrip() + "\n" for line in lines if line.strip()])


def docstrings(source: str) -> list[str]:
    """The docstrings of a Python file, its classes and its functions, in this order of appearance."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [ast.get_docstring(node) for node in ast.walk(parsed(source)) if isinstance(node, documented)]
    return [text for text in found if text]


def parsed(source: str) -> ast.Module:
    """The tree of a Python file, without warnings about its strings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def prose(least: int = 300_000) -> dict[str, str]:
    """English: the paragraphs of the language's reference and of licences; docstrings, until there is enough.

    Some installations lack the reference or the licence: then there are more docstrings.
    """
    texts = dict(_reference())
    texts |= _licences()
    found = {name: paragraphs(text) for name, text in texts.items()}
    missing = least - sum([len(text) for text in found.values()])
    for name, source in sources().items() if missing > 0 else ():
        text = paragraphs("\n\n".join(docstrings(source)))
        found[name] = text
        missing -= len(text)
        if missing <= 0:
            break
    return {name: found[name] for name in sorted(found) if found[name]}


def paragraphs(text: str) -> str:
    """The paragraphs of a text that are sentences, one a line: no headings, tables, lists, examples of code."""
    kept = []
    for block in re.split(r"\n\s*\n", typed(text)):
        joined = " ".join(block.split())
        words = sum([letter.isalpha() or letter == " " for letter in joined])
        sentence = len(joined) > 60 and joined[0].isupper() and joined[-1] in ".:" and words > 0.9 * len(joined)
        if sentence and not re.search(r"^ {3,}|[=_`|]{2}", block, re.MULTILINE):
            kept.append(joined)
    return "\n".join(kept)


def headers() -> dict[str, str]:
    """C without comments: the headers of NumPy, and Python's where they are installed."""
    found = {}
    for name, folder in (("numpy", numpy.get_include()), ("python", sysconfig.get_path("include"))):
        for path in sorted(Path(folder).rglob("*.h")) if folder else ():
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", _read(path), flags=re.DOTALL)
            text = "".join([line.rstrip() + "\n" for line in text.splitlines() if line.strip()])
            if len(text) > 500:
                found[f"{name}/{path.relative_to(folder).as_posix()}"] = text
    return found


def typed(text: str) -> str:
    """A text in the characters of a keyboard: ASCII."""
    return unicodedata.normalize("NFKD", text.translate(TYPED)).encode("ascii", "ignore").decode("ascii")


def _reference() -> dict[str, str]:
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return {}
    return {f"reference/{name}": text for name, text in topics.items()}


def _licences() -> dict[str, str]:
    """Python's licence, where it was installed, and NumPy's."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    found = {}
    for path in (stdlib / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt"):
        if path.is_file():
            found["licence/python"] = _read(path)
    for file in metadata.files("numpy") or ():
        if file.name == "LICENSE.txt" and file.locate().is_file():
            found["licence/numpy"] = _read(Path(str(file.locate())))
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


def _spread(texts: dict[str, str], limit: int) -> dict[str, str]:
    names = list(texts)
    step = max(len(names) / limit, 1.0)
    return {names[int(i * step)]: texts[names[int(i * step)]] for i in range(min(limit, len(names)))}
