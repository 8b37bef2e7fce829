"""Gives the demo founder the identity card that the licence library has of every resident (DATA-40)."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")


def main() -> int:
    from tongban.site.boot import ready

    with ready("tongban_owner"):
        from tongban.base.kernel.api import system
        from tongban.data.licences import api as licences
        from tongban.trust.identity import api as identity

        with system():
            person = identity.person_by_username("founder")
            assert person
            police = identity.office_by_role("police", "460100").ref
            face = {"name": person.name, "id_number": person.id_number}
            licences.issue("identity_card", person.ref, person.name, person.id_number, face, police, number=person.id_number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
