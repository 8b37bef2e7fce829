"""Every sentence is there in both languages, and no page carries script or style of its own (R19; look.md, Words)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from .test_house import ROOT, SOURCE, sources

FUNCTIONS = {
    "_": 0,
    "gettext": 0,
    "gettext_lazy": 0,
    "pgettext": 1,
    "pgettext_lazy": 1,
    "ngettext": 0,
    "ngettext_lazy": 0,
    "N_": 0,
}
CHINESE = re.compile(r"[一-鿿]")
TRANSLATE = re.compile(r"""\{%\s*(?:translate|trans)\s+(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')(.*?)%\}""")
QUOTED = re.compile(r"""_\((?:"([^"]*)"|'([^']*)')\)""")
BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b(.*?)%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.S)


def in_python(path: Path) -> Iterator[str]:
    """Every literal sentence handed to gettext."""
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and (place := FUNCTIONS.get(_name(node.func))) is not None
            and len(node.args) > place
        ):
            literal = node.args[place]
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                yield literal.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def in_template(path: Path) -> Iterator[str]:
    text = path.read_text()
    for double, single, _rest in TRANSLATE.findall(text):
        yield double or single
    for tag in re.findall(r"\{[%{].*?[%}]\}", text):
        for double, single in QUOTED.findall(tag):
            yield double or single
    for options, body in BLOCK.findall(text):
        one = re.split(r"\{%\s*plural\s*%\}", body)[0]
        one = re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", one.replace("%", "%%"))
        yield " ".join(line.strip() for line in one.split("\n")).strip() if "trimmed" in options else one


@cache
def known() -> frozenset[str]:
    """Every sentence that has a Chinese text in one of our catalogues, or comes with Django or its parts."""
    import allauth
    import django

    found: set[str] = set()
    ours = [*SOURCE.rglob("locale/zh_Hans/LC_MESSAGES/django.po")]
    theirs = [
        p
        for m in (django, allauth)
        for p in Path(m.__file__ or "").parent.rglob("locale/zh_Hans/LC_MESSAGES/django.po")
    ]
    for path in [*ours, *theirs]:
        found |= entries(path)
    return frozenset(found)


def entries(path: Path) -> set[str]:
    """The sentences of a catalogue that have a text; fuzzy and empty ones do not count."""
    found: set[str] = set()
    for block in path.read_text().split("\n\n"):
        if re.search(r"^#,.*fuzzy", block, re.M):
            continue
        original, text = _joined(block, "msgid"), _joined(block, r"msgstr(?:\[0\])?")
        if original and text:
            found.add(original)
    return found


def _joined(block: str, word: str) -> str:
    match = re.search(rf'^{word} ((?:".*"\n?)+)', block, re.M)
    return "".join(ast.literal_eval(line) for line in match[1].splitlines() if line) if match else ""


def test_every_sentence_has_a_chinese_text() -> None:
    gaps = []
    for path in sources():
        gaps += [f"{path.relative_to(ROOT)}: {text!r}" for text in in_python(path) if text and text not in known()]
    for path in SOURCE.rglob("templates/**/*.html"):
        gaps += [f"{path.relative_to(ROOT)}: {text!r}" for text in in_template(path) if text and text not in known()]
    gaps = [gap for gap in gaps if not CHINESE.search(gap)]
    assert not gaps, f"{len(gaps)} sentences without a Chinese text:\n" + "\n".join(gaps)


def test_no_fuzzy_texts() -> None:
    fuzzy = [str(p.relative_to(ROOT)) for p in SOURCE.rglob("*.po") if re.search(r"^#,.*fuzzy", p.read_text(), re.M)]
    assert fuzzy == []


INLINE = [
    (
        re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:json|ld\+json)[\"'])[^>]*>", re.I),
        "script in the page",
    ),
    (re.compile(r"<style\b", re.I), "style element"),
    (re.compile(r"<[^>]*\sstyle\s*=", re.I), "style attribute"),
    (re.compile(r"<[^>]*\son[a-z]+\s*=", re.I), "event attribute"),
    (re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:", re.I), "javascript address"),
    (re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I), "file of another host"),
    (re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off"), "unescaped value"),
    (re.compile(r"\bhx-on[:\s=]|\bhx-vals\s*=\s*[\"']js:", re.I), "script in an htmx attribute"),
]
# Drawn to PDF by our own renderer, which runs no script and fetches nothing; never sent to a browser.
PRINTED = ("engine/documents/",)


@pytest.mark.parametrize(("pattern", "what"), INLINE, ids=[what for _pattern, what in INLINE])
def test_r19_no_template_carries_script_or_style(pattern: re.Pattern[str], what: str) -> None:
    """R19: with `default-src 'self'` it would not run anyway; here nobody tries."""
    found = []
    for path in SOURCE.rglob("templates/**/*.html"):
        name = str(path.relative_to(SOURCE))
        text = re.sub(r"\{%\s*comment.*?endcomment\s*%\}|\{#.*?#\}", "", path.read_text(), flags=re.S)
        if not name.startswith(PRINTED) and (match := pattern.search(text)):
            found.append(f"{name}: {match[0][:80]}")
    assert found == [], what
