"""Front-end files: vendored, unchanged, without inline script or style (security T43, R19)."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from tongban.site import stylesheet

VENDOR = stylesheet.STATIC / "vendor"
WINGS = Path(stylesheet.__file__).parents[1]
TEMPLATES = sorted(path for path in WINGS.rglob("templates/**/*.html") if "documents" not in path.parts)


def test_vendored_files_are_the_listed_ones():
    listed = {
        f"{part['name']}/{name}": sums
        for part in json.loads((VENDOR / "vendor.json").read_text())
        for name, sums in part["files"].items()
    }
    found = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*.*") if p.parent != VENDOR and p.name != "LICENSE"}
    assert found == set(listed)
    for name, sums in listed.items():
        content = (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sums["sha256"], name
        assert "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode() == sums["integrity"], name


def test_every_vendored_part_carries_its_licence():
    for part in json.loads((VENDOR / "vendor.json").read_text()):
        assert (VENDOR / part["name"] / "LICENSE").exists(), part["name"]


def test_the_first_paint_stylesheet_is_the_join_of_its_parts():
    assert stylesheet.JOINED.read_text(encoding="utf-8") == stylesheet.joined(), "run python -m tongban.site.stylesheet"


def test_styles_fetch_nothing_from_elsewhere():
    for path in stylesheet.STATIC.rglob("*.css"):
        for url in re.findall(r"url\(\s*['\"]?([^'\")]+)", path.read_text(encoding="utf-8")):
            assert url.startswith("data:"), (path.name, url)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WINGS)))
def test_templates_hold_no_inline_script_style_or_handler(path):
    text = re.sub(r"\{%\s*comment.*?endcomment\s*%\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=\s*[\"']", text), "style attribute"
    assert "<style" not in text
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", text), "inline handler"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert "javascript:" not in text
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text), "another site"


def test_every_icon_asked_for_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler-icons" / "icons.svg").read_text()))
    asked = {name for path in TEMPLATES for name in re.findall(r"\{%\s*icon\s+[\"']([\w-]+)[\"']", path.read_text())}
    assert asked <= known
