"""What is done at the inner deployment's own keyboard: set it up, open its end of the channel."""

from __future__ import annotations

import json
import secrets
import signal
import sys
from pathlib import Path

from tongban.site.boot import migrate, ready
from tongban.site.home import checkout, home

PACK, CHANNEL = "base_registers", "to-inner"
_STEPS = ("calendar", "offices", "roles", "packs")


def set_up() -> None:
    """Database, offices, roles and the pack with the base registers; a security administrator of its own."""
    with ready("tongban_owner"):
        migrate()
        from django.conf import settings

        from tongban.base.kernel.api import NotFound, system
        from tongban.site.region.loading import settings_of, steps
        from tongban.trust.identity import api as identity
        from tongban.trust.keys import api as keys

        folder = checkout() / "regions" / settings.TONGBAN_REGION
        for name, work in steps(folder, settings_of(folder) | {"packs": [PACK]}):
            if name in _STEPS:
                work()
        with system():
            keys.initialise()
            try:
                identity.person_by_username("secadmin")
            except NotFound:
                office = identity.office_by_code("province").ref
                person = identity.create_staff("secadmin", "内网安全管理员", password=secrets.token_urlsafe(16))
                identity.assign_post(person.ref, office, "安全管理员", ["security_admin"])
    (home() / "ready").touch()


def open_channel(root: str) -> None:
    """The receiving end: it knows the root of the sender's authority. Says which certificate to close bundles to."""
    with ready():
        from tongban.base.kernel.api import system
        from tongban.data.ferry import api as ferry
        from tongban.trust.identity import api as identity

        with system():
            known = any(one.key == CHANNEL for one in ferry.channels())
            certificate = ferry.own_certificate().decode()
        if not known:
            officer = identity.actor_for(identity.person_by_username("secadmin").ref)
            with identity.acting(officer):
                pem = Path(root).read_bytes()
                ferry.open_channel(officer, CHANNEL, "政务外网至政务内网", "outer", "inner", pem)
    sys.stdout.write(json.dumps({"certificate": certificate}) + "\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))  # its database ends with it
    if sys.argv[1] == "set-up":
        set_up()
    else:
        open_channel(sys.argv[2])
