"""A real browser for the walks: Debian's Chromium, driven by Playwright, with axe at hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from .installation import Walk

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the test's own thread
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP, PHONE = 1440, 375
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="session")
def walk(browser: Browser) -> Iterator[Walk]:
    """One installation with the demo province for all chapters of the story, in every file of it."""
    from .installation import Walk  # builds on this file

    walking = Walk(browser)
    try:
        walking.start()
        yield walking
    finally:
        walking.stop()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page: ``open_page(url, PHONE, language="en", elder=True, javascript=False, cookies=[...])``.

    What the console says against it is kept in ``page.said``.
    """
    contexts = []

    def opened(url: str, width: int = DESKTOP, language: str = "zh-hans", elder: bool = False,
               javascript: bool = True, cookies: list[dict[str, str]] | None = None) -> Page:  # fmt: skip
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=javascript)
        contexts.append(context)
        kept = [{"name": "tongban_language", "value": language, "url": url}, *(cookies or [])]
        if elder:
            kept.append({"name": "tongban_elder", "value": "1", "url": url})
        context.add_cookies(kept)  # type: ignore[arg-type]
        page = context.new_page()
        page.said = []  # type: ignore[attr-defined]
        page.on("console", lambda m: m.type == "error" and page.said.append(m.text))  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.said.append(str(error)))  # type: ignore[attr-defined]
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()


def faults(page: Page) -> list[str]:
    """Serious and critical findings of axe, what the console said, and a page wider than its window."""
    page.evaluate(AXE)
    found = page.evaluate(
        """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
        .filter((v) => v.impact === "serious" || v.impact === "critical")
        .map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(" | ")}`)"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *page.said, *([f"{wide} px too wide"] if wide > 0 else [])]  # type: ignore[attr-defined]
