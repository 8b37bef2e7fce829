"""One installation with the demo province for the whole story, and people who walk through its two sites."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.concurrency.installation import ROOT, Installation

from .conftest import DESKTOP, PHONE, faults

SHOTS = os.environ.get("TONGBAN_SCREENSHOTS")
DOCUMENTED = {
    "home", "guide", "form", "materials", "receipt", "case", "inbox", "desk", "calendar", "phone",
}  # fmt: skip


class Walk:
    """The installation and who walks in it: each person keeps their session, whatever browser they use."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.installation = Installation()
        self.installation.environment["TONGBAN_WEB_WORKERS"] = "1"
        self.contexts: dict[tuple[str, str, int], BrowserContext] = {}
        self.known: dict[str, str] = {}  # what one chapter tells the next: numbers, addresses

    def start(self) -> None:
        """Migrate, load the demo province, serve."""
        for command in (["migrate"], ["demo", "load"]):
            self._run("-m", "tongban.site.cli", *command)
        self.accounts = json.loads((self.installation.home / "demo-accounts.json").read_text())
        self.installation.serve()

    def _run(self, *command: str) -> str:
        environment = {**self.installation.environment, "TONGBAN_DATABASE_ROLE": "tongban_owner"}
        done = subprocess.run(
            [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return done.stdout.decode()

    def applications(self, *names: str) -> list[str]:
        """Cases that the second applicant hands in for enterprises of these names, ready to be accepted."""
        done = self._run("-m", "tests.walks.apply", self.accounts["second_applicant"]["username"], *names)
        return done.split()

    def stop(self) -> None:
        for context in self.contexts.values():
            context.close()
        self.installation.stop()
        shutil.rmtree(self.installation.home, ignore_errors=True)

    def url(self, site: str, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.installation.ports[site]}{path}"

    def anybody(self, path: str = "/", width: int = DESKTOP, language: str = "zh-hans", elder: bool = False) -> Page:
        """Somebody on the public site who has not signed in."""
        context = self._context(width, language, elder)
        self.contexts[f"anybody{len(self.contexts)}", "public", width] = context
        return self._page(context, self.url("public", path))

    def person(self, who: str, path: str = "/", width: int = DESKTOP) -> Page:
        """A demo account on its own site; signs in at the first call from each browser (width)."""
        site = "public" if who in ("founder", "second_applicant", "elder") else "staff"
        key = (who, site, width)
        if key not in self.contexts:
            self.contexts[key] = self._context(width)
            page = self._page(self.contexts[key], self.url(site, "/account/sign-in/"))
            page.fill("[name=login]", self.accounts[who]["username"])
            page.fill("[name=password]", self.accounts[who]["password"])
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_url(lambda url: "sign-in" not in url)
            page.close()
        return self._page(self.contexts[key], self.url(site, path))

    def _context(self, width: int, language: str = "zh-hans", elder: bool = False) -> BrowserContext:
        context = self.browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        context.set_default_timeout(30_000)
        kept = [{"name": "tongban_language", "value": language}] + [{"name": "tongban_elder", "value": "1"}] * elder
        urls = [self.url(site) for site in self.installation.ports]
        context.add_cookies([{**cookie, "url": url} for cookie in kept for url in urls])  # type: ignore[typeddict-item]
        return context

    def _page(self, context: BrowserContext, url: str) -> Page:
        page = context.new_page()
        page.said = []  # type: ignore[attr-defined]
        page.on("console", lambda m: m.type == "error" and page.said.append(m.text))  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.said.append(str(error)))  # type: ignore[attr-defined]
        page.goto(url)
        return page

    def look(self, page: Page, name: str, also_phone: bool = True) -> None:
        """The page has no faults, at its width and as a phone shows it; what the documents show is pictured."""
        width = page.viewport_size["width"] if page.viewport_size else DESKTOP
        found = {width: faults(page)}
        if SHOTS and name in DOCUMENTED:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=Path(SHOTS) / f"{name}.png")
        if also_phone and width != PHONE:
            page.set_viewport_size({"width": PHONE, "height": 900})
            found[PHONE] = faults(page)
            page.set_viewport_size({"width": width, "height": 900})
        # A refused form answers 422 and the browser says so on its console: that is no fault.
        left = {w: [f for f in those if "status of 4" not in f] for w, those in found.items()}
        assert not any(left.values()), (name, left)
