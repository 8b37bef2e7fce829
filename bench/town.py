"""Builds the small town in the installation named by the environment, as the owner."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django

CALLBACK = "https://tax.example.gov.cn/openid/callback"


def main() -> None:
    django.setup()
    from tests.conftest import build_town
    from tongban.base.kernel.api import system
    from tongban.packs import api as packs

    with system():
        build_town()
    if "pack" in sys.argv:
        packs.apply([str(Path(__file__).parent / "packs" / "bench_case")])
    if "openid" in sys.argv:
        with system():
            print(json.dumps(connected_system()))


def connected_system() -> dict[str, str]:
    """A department's system that people may sign in to through us: its client id and secret."""
    from tests.conftest import PASSWORD
    from tongban.trust.identity import api as identity
    from tongban.trust.identity.data import Actor, PersonKind, Right
    from tongban.trust.openid import api as openid
    from tongban.trust.openid.data import ClientRequest

    office = identity.office_by_code("province").ref

    def administrator(name: str, permission: str) -> Actor:
        made = identity.create_staff(name, name, password=PASSWORD, second_factor=False)
        role = permission.replace(".", "_")
        identity.define_role(role, name, [permission], reach="subtree")
        identity.assign_post(made.ref, office, name, [role])
        return Actor(made.ref, PersonKind.STAFF, name, 3, rights=(Right(permission, "", True),))

    asker, approver = administrator("asker", "openid.register"), administrator("approver", "openid.approve")
    asked = ClientRequest(
        title="个人所得税系统", site="public", office=office, purpose="办理个人所得税申报",
        redirect_uris=(CALLBACK,), scopes=("profile",), sign_out_uris=(),
    )  # fmt: skip
    made = openid.request_client(asker, asked)
    openid.approve(approver, made.ref)
    return {"id": openid.client(asker, made.ref).client_id, "secret": openid.new_secret(asker, made.ref)}


if __name__ == "__main__":
    main()
