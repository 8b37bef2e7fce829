"""The public page on which anyone reads who sealed a file, and the register of seals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, override_settings

from tongban.base.kernel.api import NotFound, Ref, Refused, travelled
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Purpose
from tongban.trust.seals import api, views
from tongban.trust.seals.data import SealState

from .conftest import PASSWORD
from .makers import document


def _post(client: Client, content: bytes, name: str = "决定书.pdf", **more: object) -> str:
    answer = client.post("/verify-file/", {"file": SimpleUploadedFile(name, content), **more})
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    return answer.content.decode()


@pytest.fixture
def sealed(offices: SimpleNamespace) -> bytes:
    made = api.make_seal(offices.manager, offices.commerce, offices.keeper.person)
    return api.apply_seal(offices.keeper, made.id, document(), "决定", Ref("hall.case", "case"))


@override_settings(ROOT_URLCONF="tongban.site.urls_public")
def test_anyone_reads_who_sealed_a_file(client: Client, sealed: bytes) -> None:
    page = client.get("/verify-file/")
    assert page.status_code == 200 and 'type="file"' in page.content.decode()
    told = _post(client, sealed)
    assert 'data-verdict="valid"' in told and "示范省市场监督管理局" in told
    told = _post(client, sealed.replace(b"amount 1000", b"amount 9000"), "<script>.pdf")
    assert 'data-verdict="altered"' in told and "<script>.pdf" not in told
    assert 'data-verdict="unreadable"' in _post(client, b"nothing of the kind")


@override_settings(ROOT_URLCONF="tongban.site.urls_public")
@pytest.mark.parametrize(("revoked", "verdict", "told"), [(-1, "untrusted", "revoked"), (1, "valid", "revoked_later")])
def test_t12_a_revoked_seal_is_not_trusted(
    client: Client, offices: SimpleNamespace, sealed: bytes, run_jobs: Callable[[], int], revoked: int, verdict: str,
    told: str,
) -> None:  # fmt: skip
    """From its hour on; what a timestamp proves to be older holds, and the page says that the seal ended later. Read
    as the public process reads: with its database role, which signs no list."""
    (made,) = api.all_seals()
    with pytest.raises(Refused):
        api.move_seal(offices.stranger, made.id, SealState.REVOKED, "不再使用")
    assert api.seal(made.id).state is SealState.ACTIVE and keys.key_for(Purpose.SEAL, made.ref)
    assert 'data-verdict="valid"' in _post(client, sealed)
    with travelled(timedelta(hours=revoked)):
        api.move_seal(offices.manager, made.id, SealState.REVOKED, "不再使用")
    with pytest.raises(NotFound):
        keys.key_for(Purpose.SEAL, made.ref)
    run_jobs()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        page, seal = _post(client, sealed), api.verify_file(sealed).signatures[0]
        cursor.execute("RESET ROLE")
    assert f'data-verdict="{verdict}"' in page
    assert told in {reason.code for reason in (seal.reason, *seal.notes)}


@override_settings(ROOT_URLCONF="tongban.site.urls_public")
def test_t22_large_files_and_floods_are_refused(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST", 1000)
    answer = client.post("/verify-file/", {"file": SimpleUploadedFile("a.pdf", b"%PDF-" + b"0" * 1000)})
    assert answer.status_code == 422
    assert client.post("/verify-file/", {}).status_code == 422
    monkeypatch.setattr(views, "TRIES", 2)
    assert client.post("/verify-file/", {}).status_code == 429


@override_settings(ROOT_URLCONF="tongban.site.urls_staff")
def test_the_register_is_kept_on_the_staff_site(client: Client, offices: SimpleNamespace) -> None:
    from tongban.trust.identity import api as identity

    identity.define_role("manager", "印章管理员", ["seals.manage"], reach="subtree")
    client.force_login(_account("stranger"))
    assert client.get("/seals/").status_code == 403
    client.force_login(_account("manager"))
    assert client.get("/seals/").status_code == 200 and client.get("/seals/new/").status_code == 200
    wrong = client.post("/seals/new/", {"office": "46/commerce", "custodian": "civil", "caption": ""})
    assert wrong.status_code == 422 and api.all_seals() == []
    right = client.post("/seals/new/", {"office": "46/commerce", "custodian": "keeper", "caption": "专用章"})
    assert right.status_code == 302
    (made,) = api.all_seals()
    assert client.get(f"/seals/{made.id}/").status_code == 200
    assert client.post(f"/seals/{made.id}/state/", {"to": "suspended", "reason": " "}).status_code == 422
    assert client.post(f"/seals/{made.id}/state/", {"to": "melted", "reason": "x"}).status_code == 403
    assert api.seal(made.id).state is SealState.ACTIVE
    assert client.post(f"/seals/{made.id}/state/", {"to": "suspended", "reason": "休假"}).status_code == 302
    assert api.seal(made.id).state is SealState.SUSPENDED


def _account(username: str) -> object:
    from django.contrib.auth import get_user_model

    assert PASSWORD
    return get_user_model().objects.get(username=username)
