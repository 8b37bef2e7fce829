"""The main job over HTTP, as people would do it: apply once, accept, decide side by side, verify the licence."""

from __future__ import annotations

import http.cookiejar
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from lxml import html

from tongban.packs.data import SAMPLE_PDF

from .home import home
from .run import _port


class StepFailed(RuntimeError):
    """A page was not what a person would have expected."""


class Person:
    """Somebody with a browser: cookies, the page they see, and its forms."""

    def __init__(self, site: str) -> None:
        self.base = f"http://127.0.0.1:{_port(site)}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.url = self.base
        self.status = 0
        self.page: Any = None

    def go(self, path: str) -> Person:
        """Open an address of the site."""
        return self._send(urllib.request.Request(urllib.parse.urljoin(self.url, path)))

    def text(self) -> str:
        """The page's words."""
        return " ".join(self.page.text_content().split())

    def send(
        self, values: dict[str, Any], *, form: str = "", button: str = "", files: dict[str, bytes] | None = None
    ) -> Person:
        """Fill in the form whose action ends with `form` (else the last one that posts) and send it."""
        found = [f for f in self.page.forms if f.method == "POST" and (f.action or self.url).endswith(form)]
        if not found:
            raise StepFailed(f"no form {form!r} on {self.url}: {self.text()[:300]}")
        chosen = found[-1]
        fields = [(name, value) for name, value in chosen.form_values() if name not in values]
        for name, value in values.items():
            fields += [(name, each) for each in (value if isinstance(value, list) else [value])]
        if button:
            fields.append((button, "1"))
        address = urllib.parse.urljoin(self.url, chosen.action or self.url)
        if files is None:
            return self._send(urllib.request.Request(address, urllib.parse.urlencode(fields).encode(), self._headers()))
        body, kind = _multipart(fields, files)
        return self._send(urllib.request.Request(address, body, {**self._headers(), "Content-Type": kind}))

    def _headers(self) -> dict[str, str]:
        return {"Referer": self.url, "Origin": self.base}

    def _send(self, request: urllib.request.Request) -> Person:
        try:
            with self.opener.open(request, timeout=60) as answer:
                self.url, self.status, body = answer.url, answer.status, answer.read()
        except urllib.error.HTTPError as error:
            self.url, self.status, body = error.url or request.full_url, error.code, error.read()
        self.page = html.fromstring(body or b"<html></html>")
        if self.status >= 400:
            raise StepFailed(f"{self.status} at {self.url}: {self.text()[:600]}")
        return self

    def sign_in(self, username: str, password: str) -> Person:
        """Sign in with a password."""
        self.go("/account/sign-in/")
        self.send({"login": username, "password": password}, form="/account/sign-in/")
        if "/sign-in" in self.url:
            raise StepFailed(f"{username} could not sign in: {self.text()[:300]}")
        return self


def _multipart(fields: list[tuple[str, str]], files: dict[str, bytes]) -> tuple[bytes, str]:
    mark = "----tongban-main-job"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields]
    for name, content in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.pdf"\r\n'
        parts.append(head.encode() + b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n")
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def wait_for_sites(seconds: float = 90) -> None:
    """Until both sites answer."""
    for site in ("public", "staff"):
        deadline = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{_port(site)}/health/", timeout=5).close()
                break
            except (urllib.error.URLError, OSError) as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the {site} site does not answer; see {home() / 'log' / site}.log") from error
                time.sleep(0.2)


def main_job(say: Callable[[str], None]) -> dict[str, Any]:
    """Run it; the report has each step with its seconds, the case and licence numbers, and the verdict."""
    accounts = json.loads((home() / "demo-accounts.json").read_text())
    report: dict[str, Any] = {"ok": False, "case_no": "", "licence": "", "verdict": "", "steps": []}
    job = _Job(accounts, report)
    for name, text in STEPS:
        start = time.perf_counter()
        try:
            getattr(job, name)()
        except (StepFailed, KeyError, IndexError, OSError) as error:
            say(f"           {text}: FAILED: {error}")
            report["failed"] = {"step": name, "why": str(error)}
            return report
        took = time.perf_counter() - start
        report["steps"].append({"step": name, "seconds": round(took, 2)})
        say(f"           {text}: {took:.2f} s")
    report["ok"] = report["verdict"] == "valid"
    return report


STEPS = [
    ("founder_signs_in", "The founder signs in"),
    ("founder_applies", "The founder applies once, form filled from the registers"),
    ("clerk_accepts", "The clerk accepts; the clock starts"),
    ("commerce_decides", "The commerce office registers the enterprise"),
    ("quality_and_tax_decide", "Quality and tax decide side by side"),
    ("founder_gets_the_answer", "The founder gets the single answer and the licence"),
    ("anybody_verifies", "Anybody verifies the licence"),
]


class _Job:
    def __init__(self, accounts: dict[str, dict[str, str]], report: dict[str, Any]) -> None:
        self.accounts, self.report = accounts, report
        self.case = ""
        self.name = f"海口示例{time.strftime('%m%d%H%M%S')}贸易有限公司"

    def _staff(self, part: str) -> Person:
        account = self.accounts[part]
        return Person("staff").sign_in(account["username"], account["password"])

    def founder_signs_in(self) -> None:
        account = self.accounts["founder"]
        self.founder = Person("public").sign_in(account["username"], account["password"])

    def founder_applies(self) -> None:
        person = self.founder.go("/apply/enterprise_registration/?premises=owned&special_trade=no")
        person.send({"premises": "owned", "special_trade": "no"})
        person.send(
            {
                "name": self.name,
                "enterprise_kind": "有限责任公司",
                "division": "460100",
                "address.text": "海口市龙华区示例路1号（演示）",
                "capital": "1000000",
                "industry": "F51",
                "scope": "日用百货批发零售。",
            }
        )
        values = dict(person.page.forms[-1].form_values())
        holders = {
            "shareholders.0.holder": values["representative_name"],
            "shareholders.0.id_number": values["representative_id"],
        }
        person.send({**holders, "shareholders.0.amount": "1000000"})
        person.send({"staff": "8", "accounting": "small"})
        person.send(
            {},
            button="_next",
            files={slot: SAMPLE_PDF for slot in ("articles", "identity", "ownership") if self._wanted(slot)},
        )
        person.send({})
        if "/receipt/" not in person.url:
            raise StepFailed(f"no receipt at {person.url}: {person.text()[:600]}")
        self.case = person.url.split("/cases/")[1].split("/")[0]
        self.report["case_no"] = (
            person.page.xpath("//*[contains(@class, 'tb-receipt-number')]")[0].text_content().strip()
        )

    def _wanted(self, slot: str) -> bool:
        return bool(self.founder.page.xpath(f"//input[@type='file' and @name='{slot}']"))

    def clerk_accepts(self) -> None:
        self._staff("clerk").go(f"/cases/{self.case}/").send({}, form="/accept/")

    def _decide(self, part: str) -> None:
        person = self._staff(part).go(f"/cases/{self.case}/")
        person.send({"outcome": "grant", "opinion": "经审查，申请材料齐全，符合法定条件，同意。"}, form="/decide/")

    def commerce_decides(self) -> None:
        self._decide("commerce")

    def quality_and_tax_decide(self) -> None:
        self._decide("quality")
        self._decide("tax")

    def founder_gets_the_answer(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            page = self.founder.go(f"/my/cases/{self.case}/").page
            found = page.xpath("//section[contains(@class, 'alert-success')]//strong")
            if found:
                self.report["licence"] = found[0].text_content().strip()
                return
            if time.monotonic() > deadline:
                raise StepFailed(f"no answer after a minute: {self.founder.text()[:600]}")
            time.sleep(0.3)

    def anybody_verifies(self) -> None:
        person = Person("public").go("/verify/")
        person.send({"number": self.report["licence"]})
        verdicts = person.page.xpath("//*[@data-verdict]/@data-verdict")
        self.report["verdict"] = verdicts[0] if verdicts else f"none on {person.url}"
