"""Fills an installation of its own for the test that kills: the small town, and applicants with finished drafts.

Run as a program of its own, as the database's owner. Prints one JSON object: who may do what with which session.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
ENTERPRISES, CARDS = int(os.environ.get("LOAD_ENTERPRISES", "10")), int(os.environ.get("LOAD_CARDS", "10"))


def main() -> int:
    from tongban.site.boot import migrate, ready

    with ready("tongban_owner"):
        migrate()
        from django.db import transaction

        with transaction.atomic():
            town = _fill()
        from tongban.site.database import grant_rows

        grant_rows()
    sys.stdout.write(json.dumps(town))
    return 0


def _fill() -> dict[str, object]:
    from tests.conftest import ANSWERS, build_town, papers

    build_town()
    drafts = []
    shared = None
    for number in range(ENTERPRISES + CARDS):
        enterprise = number < ENTERPRISES
        actor, account = _citizen(number)
        if enterprise:
            shared = shared or papers(actor)
            answers = ANSWERS | {"name": f"海口并发{number:04d}贸易有限公司"}
            drafts.append(_draft(actor, account, "enterprise_registration", answers, shared))
        else:
            drafts.append(_draft(actor, account, "elder_card", _card(number), {}))
    return {"drafts": drafts}


def _citizen(number: int) -> tuple[object, int]:
    from tongban.trust.identity import api as identity
    from tongban.trust.identity.models import Person

    person = identity.create_citizen(f"测试{number}", phone=f"139{number:08d}", id_number=_identity(number), level=3)
    return identity.actor_for(person.ref), Person.objects.get(public_id=person.ref.id).pk


def _identity(number: int) -> str:
    """A generated number with a valid check digit."""
    from tongban.base.kernel.api import identity_check

    body = f"46010519500101{number:03d}"
    return body + identity_check(body)


def _card(number: int) -> dict[str, object]:
    return {
        "holder_name": f"测试{number}",
        "id_number": _identity(number),
        "birth": "1950-01-01",
        "division": "460100",
        "residence": "registered",
        "phone": f"139{number:08d}",
    }


def _draft(
    actor: object, account: int, item: str, answers: dict[str, object], papers: dict[str, object]
) -> dict[str, str]:
    from tongban.work.hall import api as hall
    from tongban.work.hall.models import Draft

    draft = hall.open_draft(actor, item)  # type: ignore[arg-type]
    draft = hall.save_draft(actor, draft.public_id, answers)  # type: ignore[arg-type]
    Draft.objects.filter(pk=draft.pk).update(papers=papers)
    return {"draft": draft.public_id, "item": item, "session": _session(account)}


def _session(account: int) -> str:
    """What a sign-in leaves behind; signing two hundred people in would be two hundred password hashes."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from tongban.trust.identity import sessions
    from tongban.trust.identity.models import Person

    store = sessions.SessionStore()
    store[SESSION_KEY] = str(account)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = Person.objects.get(pk=account).get_session_auth_hash()
    sessions.start(store)
    store.save()
    return str(store.session_key)


if __name__ == "__main__":
    sys.exit(main())
