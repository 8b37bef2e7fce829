"""The pages of the desk and of key management, and the public addresses, over HTTP."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from asn1crypto.ocsp import OCSPRequest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import include, path

from tongban.trust.identity.api import public
from tongban.trust.identity.data import Actor
from tongban.trust.keys import api, escrow, life, status
from tongban.trust.keys.data import KeyState, Purpose
from tongban.trust.keys.models import Act, Authority, Certificate, Request

from .conftest import OpenSSL
from .test_desk import SEEN, csr, issued

FIRST, SECOND = "first officer's words", "second officer's words"


def _frame() -> list[Any]:
    """The pages every other one links to."""

    def nothing(request: object) -> None: ...

    return [path(f"{name}/", public(nothing), name=name) for name in ("account_login", "account_logout")]


def __getattr__(name: str) -> Any:
    """The room's addresses as the staff site mounts them."""
    if name != "urlpatterns":
        raise AttributeError(name)
    return [path("", include("tongban.trust.keys.urls_staff")), *_frame()]


class Public:
    """The same of the public site."""

    urlpatterns = [path("", include("tongban.trust.keys.urls_public")), *_frame()]


@pytest.fixture
def browse(world: SimpleNamespace, settings: Any) -> Any:
    """A client signed in as somebody, on the staff addresses."""
    from tongban.trust.identity.models import Person

    settings.ROOT_URLCONF, settings.TONGBAN_SECOND_FACTOR = __name__, False

    def client(actor: Actor) -> Client:
        made = Client()
        made.force_login(Person.objects.get(public_id=actor.person.id))
        return made

    return client


def test_an_application_from_desk_to_certificate(world: SimpleNamespace, browse: Any, openssl: OpenSSL) -> None:
    registrar, issuer = browse(world.registrar), browse(world.issuer)
    wrong = registrar.post("/ca/new/", {"profile": "person", "holder": "nobody"})
    assert wrong.status_code == 422 and not Request.objects.exists()
    body = {"profile": "person", "holder": "wang", "csr": SimpleUploadedFile("a.csr", csr(openssl))}
    taken = registrar.post("/ca/new/", body)
    assert taken.status_code == 302, taken.context["form"].errors
    where = taken.headers["Location"]
    assert "王小明" in registrar.get("/ca/").content.decode()
    assert registrar.post(f"{where}check/", {"check-evidence": ""}).status_code == 422
    assert registrar.post(f"{where}issue/").status_code == 403
    assert registrar.post(f"{where}check/", {"check-evidence": SEEN}).status_code == 302
    assert issuer.post(f"{where}issue/").status_code == 302
    row = Certificate.objects.get(profile="person")
    page = issuer.get(f"/ca/certificates/{row.id}/").content.decode()
    assert row.serial in page
    assert issuer.get(f"/ca/certificates/{row.id}/file.pem").content.startswith(b"-----BEGIN CERTIFICATE")
    assert row.title in issuer.get(f"/ca/certificates/?q={row.serial}").content.decode()
    answers = {"revoke-reason": "key_compromise", "revoke-note": "遗失"}
    assert registrar.post(f"/ca/certificates/{row.id}/revoke/", answers).status_code == 403
    assert issuer.post(f"/ca/certificates/{row.id}/revoke/", answers).status_code == 302
    assert api.judge(bytes(row.der)).why == "revoked"


def test_dual_control_on_pages(world: SimpleNamespace, browse: Any) -> None:
    escrow.become_custodian(world.keeper, FIRST)
    second = browse(world.second)
    assert second.post("/keys/custody/", {"join-passphrase": "short"}).status_code == 422
    assert second.post("/keys/custody/", {"join-passphrase": SECOND}).status_code == 302
    key = api.ensure_key(Purpose.ENCRYPTION, world.office)
    keeper = browse(world.keeper)
    assert keeper.get("/keys/").status_code == keeper.get(f"/keys/{key.id}/").status_code == 200
    asked = {"recover-reason": "关于恢复的批复", "recover-passphrase": FIRST, "recover-holder": ""}
    assert keeper.post(f"/keys/{key.id}/recover/", asked).status_code == 302
    act = Act.objects.get()
    assert FIRST not in keeper.get(f"/keys/acts/{act.id}/").content.decode()
    assert keeper.post(f"/keys/acts/{act.id}/open/", {"open-passphrase": FIRST}).status_code == 403
    assert second.post(f"/keys/acts/{act.id}/open/", {"open-passphrase": SECOND}).status_code == 302
    assert act.id in second.get(f"/keys/acts/{act.id}/").content.decode()
    assert second.post(f"/keys/{key.id}/suspend/", {"suspend-reason": "x"}).status_code == 403
    assert life.key(key.id).state is KeyState.ACTIVE
    assert keeper.post(f"/keys/{key.id}/nonsense/").status_code == 404


def test_who_may_open_which_page(world: SimpleNamespace, browse: Any) -> None:
    row, key = issued(world), api.ensure_key("ledger")
    pages = ["/ca/", "/ca/certificates/", f"/ca/certificates/{row.id}/", "/ca/policies/", "/keys/", f"/keys/{key.id}/"]
    keeper, user, citizen = browse(world.keeper), browse(world.user), browse(world.citizen)
    assert [keeper.get(page).status_code for page in pages] == [200] * len(pages)
    assert [user.get(page).status_code for page in pages] == [403] * len(pages)
    assert [citizen.get(page).status_code for page in pages] == [403] * len(pages)
    assert [Client().get(page).status_code for page in pages] == [302] * len(pages)


def test_policies_on_pages(world: SimpleNamespace, browse: Any) -> None:
    issuer = browse(world.issuer)
    body = {"line": "commercial", "version": "1.0", "text": "电子政务商密证书策略正文，适用于全省政务机构。"}
    assert issuer.post("/ca/policies/", body).status_code == 302
    assert issuer.post("/ca/policies/", body).status_code == 422
    assert browse(world.registrar).post("/ca/policies/", {**body, "version": "2"}).status_code == 200
    assert "2.25." in issuer.get("/ca/policies/").content.decode()


def test_the_public_addresses(world: SimpleNamespace, settings: Any, openssl: OpenSSL) -> None:
    settings.ROOT_URLCONF = Public
    row = issued(world)
    authority, client = row.authority_id, Client()
    page = client.get("/ca/").content.decode()
    assert f"/ca/{authority}.crl" in page
    answer = client.get(f"/ca/{authority}.cer")
    assert answer.content == bytes(row.authority.certificate) and answer["Content-Type"] == "application/pkix-cert"
    assert client.get(f"/ca/{authority}.crl")["Content-Type"] == "application/pkix-crl"
    assert client.get("/ca/nobody.crl").status_code == 404
    checked = client.post("/ca/", {"serial": row.serial.upper()}).content.decode()
    assert row.title not in checked  # a number is no way to people's names
    issuer, question = openssl.pem("i.pem", bytes(row.authority.certificate)), openssl.folder / "req"
    openssl("ocsp", "-issuer", issuer, "-serial", f"0x{row.serial}", "-no_nonce", "-reqout", question)
    strict = Client(enforce_csrf_checks=True)
    posted = strict.post("/ocsp/", question.read_bytes(), content_type="application/ocsp-request")
    got = client.get("/ocsp/" + quote(base64.b64encode(question.read_bytes()).decode(), safe=""))
    for answer in (posted, got):
        assert answer["Content-Type"] == "application/ocsp-response"
        out = openssl.file("resp", answer.content)
        root = openssl.pem("root.pem", *api.trust_roots())
        text = openssl("ocsp", "-issuer", issuer, "-serial", f"0x{row.serial}", "-no_nonce", "-respin", out,
                       "-CAfile", root, "-verify_other", issuer)  # fmt: skip
        assert ": good" in text


@pytest.mark.django_db(transaction=True)
def test_t45_the_public_process_sees_the_responders_key_only() -> None:
    """Of the keys' table its database role gets the status responder's row, and of escrow and acts nothing."""
    from django.db import DatabaseError, connection, transaction

    from tongban.site.database import grant_rows

    leaf = api.certificate_of(api.ensure_key("ledger").id)
    listed, row = (
        api.crl_for(Authority.objects.get(parent__isnull=False).certificate),
        Certificate.objects.get(der=leaf),
    )
    question = OCSPRequest({"tbs_request": {"request_list": [{"req_cert": status._identifier(row)}]}}).dump()
    Authority.objects.update(crl_stale=True)
    grant_rows()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        cursor.execute("SELECT DISTINCT purpose FROM keys_key")
        assert cursor.fetchall() == [("ocsp",)]
        assert status.ocsp_answer(question) and api.judge(leaf).good  # what it is there for works
        authority = Authority.objects.filter(parent__isnull=False)[0]
        assert status.crl_of(authority.id) == listed  # the stored one: it cannot sign the next
        for table in ("keys_escrow", "keys_custodian", "keys_act", "keys_request", "keys_use"):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(f"SELECT * FROM {table}")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("UPDATE keys_certificate SET state = 'good'")
