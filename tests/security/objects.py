"""One real object of each kind the trust centre and the item desk keep: what an address of theirs may name."""

from __future__ import annotations

from datetime import date, timedelta

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth import get_user_model
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from tests.conftest import PASSWORD, Town
from tongban.base.kernel.api import now, today
from tongban.trust.identity import api as identity
from tongban.trust.identity import sessions
from tongban.trust.identity.authority import emergency, requests
from tongban.trust.identity.authority.models import Review
from tongban.trust.identity.data import Actor
from tongban.trust.identity.reorganisation import actions as reorganisations
from tongban.trust.identity.scim import tokens
from tongban.trust.keys import acts, desk, life
from tongban.trust.keys.data import ActKind, Algorithm, Purpose
from tongban.trust.keys.models import Certificate
from tongban.trust.openid import clients
from tongban.trust.openid.data import ClientRequest
from tongban.trust.openid.models import Client as System
from tongban.trust.openid.models import Consent
from tongban.trust.seals import api as seals
from tongban.work.hall.items import editing

REFORM = f"""
title: 更名
on: {date(2030, 1, 1)}
changes:
  - rename: {{office: haikou-tax, title: 海口市税费局}}
"""


def objects(town: Town, manager: Actor) -> dict[str, str]:
    """What stands for which name in an address; nothing of it is the second applicant's or the stranger's."""
    return {**_accounts(town, manager), **_rights(town, manager), **_keys(town, manager), **_sessions()}


def _accounts(town: Town, manager: Actor) -> dict[str, str]:
    third = identity.create_citizen("测试丙", phone="13800138002", password=PASSWORD, level=3, username="third")
    account = get_user_model().objects.get(public_id=third.ref.id)
    until = now() + timedelta(days=9)
    agency = identity.authorise_agent(
        town.founder.person, third.ref, until=until, by=town.founder.person, accepted=False
    )
    passkey = Authenticator.objects.create(
        user=account, type=Authenticator.Type.WEBAUTHN, data={"name": "手机", "credential": _credential()}
    )
    asked = ClientRequest("公文系统", "public", town.office("tax"), "登录", ("https://system.example/back",))
    system = clients.request_client(manager, asked).ref
    Consent.objects.create(client=System.objects.get(public_id=system.id), person=account, scopes=["openid"])
    edit = editing.begin(manager, "enterprise_registration")
    return {"passkeys pk": str(passkey.pk), "agents id_": agency.ref.id, "systems id_": system.id, "edit_id": edit.id}


def _credential() -> dict[str, object]:
    """What a browser sends when a passkey is made."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(bytes(16), b"passkey", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    attested = AttestationObject.create("none", AuthenticatorData.create(bytes(32), flags, 0, bytes(made)), {})
    told = websafe_encode(b'{"type": "webauthn.create", "challenge": "", "origin": ""}')
    response = {"clientDataJSON": told, "attestationObject": websafe_encode(bytes(attested))}
    name = websafe_encode(b"passkey")
    return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _rights(town: Town, manager: Actor) -> dict[str, str]:
    office = identity.office_by_code("province").ref
    asked = requests.ask_grant(
        manager, town.clerk.person, "identity.read", office, until=today() + timedelta(9), purpose="核查"
    )
    given = identity.grant(
        town.clerk.person, "identity.read", office, until=now() + timedelta(9), purpose="核查", by=manager.person
    )
    system, _token = tokens.make_system(manager, "人事系统", office, now() + timedelta(9))
    review = Review.objects.create(title="年度复核", due=today() + timedelta(9))
    return {
        "rights id_": asked.ref.id,
        "grants id_": given.ref.id,
        "reviews id_": review.public_id,
        "emergencies id_": emergency.ask_emergency(manager, town.founder.person, "群众突发疾病需要联系家属").public_id,
        "reorganisations id_": reorganisations.propose(REFORM).public_id,
        "personnel id_": system.public_id,
    }


def _keys(town: Town, manager: Actor) -> dict[str, str]:
    office = town.office("tax")
    seal = seals.make_seal(manager, office, town.approvers["tax"].person)
    key = life.ensure_key(Purpose.OFFICE, office, title="税务局", algorithm=Algorithm.P256)
    certificate = Certificate.objects.get(key_id=key.id)
    request = desk.receive(manager, Purpose.PERSON, town.founder.person)
    former = life.rotate(key.id).id and key.id
    act = acts.ask(manager, ActKind.DESTROY, former, "机构更名，密钥停用")
    return {
        "request_id": request.id,
        "certificate_id": certificate.id,
        "authority_id": certificate.authority_id,
        "key_id": life.key_for(Purpose.OFFICE, office).id,
        "act_id": act.id,
        "seal_id": seal.id,
        "requests verb": "check",
        "certificates verb": "revoke",
        "keys verb": "rotate",
        "acts verb": "agree",
    }


def _sessions() -> dict[str, str]:
    """The third citizen has signed in."""
    client = Client()
    client.force_login(get_user_model().objects.get(username="third"))
    session = client.session
    sessions.start(session)
    session.save()
    return {"visits id_": session[sessions.VISIT]}
