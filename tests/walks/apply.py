"""Hands in applications for one person of a running installation and prints the ids of their cases.

Run as a program of its own, as the database's owner: chapters about the offices need cases, not the form again.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")


def main(username: str, *names: str) -> None:
    from tongban.site.boot import ready

    with ready("tongban_owner"):
        from django.db import transaction

        from tests.conftest import ANSWERS, papers
        from tongban.base.kernel.api import new_id, system
        from tongban.trust.identity import api as identity
        from tongban.work.hall import api as hall

        for name in names:
            with transaction.atomic(), system():
                actor = identity.actor_for(identity.person_by_username(username).ref)
                applicant = hall.applicant_of(actor)
                answers = ANSWERS | {"name": name}
                done = hall.submit(actor, "enterprise_registration", applicant, answers, papers(actor), nonce=new_id())
            sys.stdout.write(f"{done.case.id}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
