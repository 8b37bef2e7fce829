"""What everybody who walks does with a page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

LATIN = re.compile(r"(?<![\w.@-])[A-Za-z]{3,}(?![\w@-])")
ALLOWED = re.compile(
    r"English|\b(PDF|DOCX|JPG|PNG|OFD|XLSX|CSV|JSON|BPMN|bpmn|bpmnio|KB|MB|API|REST|Tongban|FEEL|DMN|YAML|XML|TOTP|KTV)\b",
    re.IGNORECASE,
)


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()


def said(page: Page) -> str:
    return page.inner_text("main")


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        box = page.locator(f'#form-page [name="{name.replace("__", ".")}"]').first
        if box.evaluate("box => box.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)


def latin(page: Page, own: str = "") -> list[str]:
    """Latin words that a Chinese page shows, outside the allowed ones, keys set in fixed type, and what somebody
    typed."""
    shown = page.locator("body").inner_text().replace(own, "")
    for key in page.locator(".tb-mono").all_inner_texts():
        shown = shown.replace(key, "")
    return sorted(set(LATIN.findall(ALLOWED.sub("", shown))))


def waited(page: Page, selector: str, seconds: int = 120) -> Locator:
    """Reload until the page has it: a job is on its way. What draws documents runs nicely, so a busy machine makes
    it wait."""
    for _second in range(seconds):
        if page.locator(selector).count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    assert page.locator(selector).count(), said(page)
    return page.locator(selector).first
