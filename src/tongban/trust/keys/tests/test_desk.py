"""The registration desk: checked by one person, issued by another, held, resumed, revoked; OpenSSL agrees
(TRUST-01, TRUST-08)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, now, travelled
from tongban.trust.keys import api, authority, chains, desk, jobs, policies, status
from tongban.trust.keys.data import (
    Algorithm,
    CertificateRequest,
    CertificateState,
    KeyState,
    PolicyLine,
    Purpose,
    Reason,
    RequestState,
)
from tongban.trust.keys.models import Authority, Certificate, Request
from tongban.trust.keys.profiles import check_algorithm

from .conftest import OpenSSL

SEEN = "身份证原件、授权委托书"


def issued(world: SimpleNamespace, profile: str = "person", holder: Ref | None = None, **more: object) -> Certificate:
    holder = holder or (world.citizen.person if profile == "person" else world.office)
    taken = desk.receive(world.registrar, profile, holder, **more)
    desk.check(world.registrar, taken.id, SEEN)
    return Certificate.objects.get(serial=desk.issue(world.issuer, taken.id).serial)


def csr(openssl: OpenSSL, curve: str = "prime256v1", *digest: str) -> bytes:
    key = openssl.folder / f"{curve}.key"
    openssl("ecparam", "-genkey", "-name", curve, "-noout", "-out", key)
    out = openssl.folder / "csr.pem"
    openssl("req", "-new", "-key", key, "-subj", "/CN=Somebody else/O=Evil", *digest, "-out", out)
    return out.read_bytes()


def test_two_people_issue(world: SimpleNamespace, openssl: OpenSSL, kinds: Callable[[Ref], list[str]]) -> None:
    taken = desk.receive(world.registrar, "person", world.citizen.person, csr=csr(openssl))
    with pytest.raises(Refused):
        desk.issue(world.issuer, taken.id)  # not checked yet
    with pytest.raises(Invalid):
        desk.check(world.registrar, taken.id, " ")
    assert desk.check(world.registrar, taken.id, SEEN).state is RequestState.CHECKED
    done = desk.issue(world.issuer, taken.id)
    assert kinds(Ref("keys.request", taken.id)) == ["ca.received", "ca.checked", "ca.request_issued"]
    row = Certificate.objects.get(serial=done.serial)
    text = openssl("x509", "-in", openssl.pem("c.pem", bytes(row.der)), "-noout", "-text")
    assert "CN = \\E7\\8E\\8B" in text and "Evil" not in text  # 王: the desk says who it is, not the request
    assert "TLS Web Client Authentication" in text and "CA:FALSE" in text and "Policy: 2.25." in text
    assert row.key is None  # the holder has it


def test_t4_nobody_alone_and_nobody_for_themselves(world: SimpleNamespace, openssl: OpenSSL) -> None:
    taken = desk.receive(world.both, "person", world.citizen.person)
    desk.check(world.both, taken.id, SEEN)
    for who in (world.both, world.registrar, world.user, world.citizen):
        with pytest.raises(Refused):
            desk.issue(who, taken.id)
    own = desk.receive(world.registrar, "person", world.issuer.person)
    desk.check(world.registrar, own.id, SEEN)
    with pytest.raises(Refused):
        desk.issue(world.issuer, own.id)
    mine = desk.receive(world.registrar, "person", world.registrar.person)
    with pytest.raises(Refused):
        desk.check(world.registrar, mine.id, SEEN)
    assert not Certificate.objects.filter(profile="person").exists()


def test_t4_a_citizens_account_is_the_same_human_being(world: SimpleNamespace) -> None:
    from tongban.trust.identity.models import Person

    Person.objects.filter(public_id__in=[world.citizen.person.id, world.issuer.person.id]).update(id_index="same")
    taken = desk.receive(world.registrar, "person", world.citizen.person)
    desk.check(world.registrar, taken.id, SEEN)
    with pytest.raises(Refused):
        desk.issue(world.issuer, taken.id)
    assert not Certificate.objects.filter(profile="person").exists()


def test_requests_that_are_refused(world: SimpleNamespace, openssl: OpenSSL) -> None:
    good = csr(openssl)
    for bad in (
        b"junk",
        good[:-60] + b"\n-----END CERTIFICATE REQUEST-----\n",
        b"\x30" * 30_000,
        csr(openssl, "secp256k1"),
    ):
        with pytest.raises(Invalid) as refused:
            desk.receive(world.registrar, "person", world.citizen.person, csr=bad)
        assert "csr" in refused.value.errors
    with pytest.raises(Invalid):
        desk.receive(world.registrar, "person", world.office)
    with pytest.raises(Invalid):
        desk.receive(world.registrar, "server", world.office, names="not a host")
    for purpose in ("root", "issuing", "ocsp", "timestamp"):
        with pytest.raises(Refused):
            desk.receive(world.registrar, purpose, world.office)
    with pytest.raises(Refused):
        desk.receive(world.user, "person", world.citizen.person)
    first = issued(world, csr=good)
    with pytest.raises(Refused):  # one key, one holder
        desk.receive(world.registrar, "person", world.issuer.person, csr=good)
    desk.revoke(world.issuer, first.id, Reason.KEY_COMPROMISE, "私钥泄露")
    with pytest.raises(Refused):  # and never again once compromised
        desk.receive(world.registrar, "person", world.citizen.person, csr=good)


def test_a_revoked_certificate_as_openssl_sees_it(
    world: SimpleNamespace, openssl: OpenSSL, run_jobs: Callable[[], int]
) -> None:
    row = issued(world, "server", names="www.example.gov.cn example.gov.cn")
    leaf, chain = openssl.pem("leaf.pem", bytes(row.der)), api.signing_certificate(str(row.key_id))
    issuer, root = openssl.pem("issuer.pem", chain[1]), openssl.pem("root.pem", chain[2])

    def checked(reads: Callable[..., str]) -> str:
        lists = openssl.pem("lists.pem", api.crl_for(chain[1]), api.crl_for(chain[2]), kind="X509 CRL")
        trust = ("-x509_strict", "-crl_check_all", "-CRLfile", lists, "-CAfile", root, "-untrusted", issuer)
        return reads("verify", *trust, "-purpose", "sslserver", "-verify_hostname", "www.example.gov.cn", leaf)

    def asked() -> str:
        request, response = openssl.folder / "req", openssl.folder / "resp"
        openssl("ocsp", "-issuer", issuer, "-cert", leaf, "-reqout", request)
        openssl.file("resp", api.ocsp_answer(request.read_bytes()))
        trust = ("-respin", response, "-CAfile", root, "-verify_other", issuer)
        assert "Response verify OK" in openssl("ocsp", "-reqin", request, *trust)  # with its nonce
        return openssl("ocsp", "-issuer", issuer, "-cert", leaf, "-no_nonce", *trust)

    assert "OK" in checked(openssl) and "leaf.pem: good" in asked()
    desk.hold(world.issuer, row.id, "持有人申请")
    run_jobs()
    assert "certificate revoked" in checked(openssl.fails) and "Reason: certificateHold" in asked()
    assert api.judge(bytes(row.der)).why == "held"
    desk.resume(world.issuer, row.id, "恢复")
    assert "OK" in checked(openssl) and "good" in asked() and api.judge(bytes(row.der)).good
    desk.revoke(world.issuer, row.id, Reason.CESSATION, "服务器下线")
    assert "certificate revoked" in checked(openssl.fails) and "Reason: cessationOfOperation" in asked()
    assert api.judge(bytes(row.der)).why == "revoked"
    assert api.key(str(row.key_id)).state is KeyState.RETIRED
    text = openssl("crl", "-in", openssl.folder / "lists.pem", "-noout", "-text")
    assert "X509v3 CRL Number" in text and "Cessation Of Operation" in text
    with pytest.raises(Refused):
        desk.resume(world.issuer, row.id, "x x x")


def test_the_responder_and_strange_questions(world: SimpleNamespace, openssl: OpenSSL) -> None:
    row = issued(world)
    responses = [
        status.Response.load(api.ocsp_answer(body))["response_status"].native
        for body in (b"", b"\x30\x03\x02\x01\x01", b"x" * 999)
    ]
    assert responses == ["malformed_request"] * 3
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x",
            "-keyout", openssl.folder / "k", "-out", openssl.folder / "other.pem")  # fmt: skip
    other, out = openssl.folder / "other.pem", openssl.folder / "req"
    openssl("ocsp", "-issuer", other, "-cert", other, "-reqout", out)
    assert status.Response.load(api.ocsp_answer(out.read_bytes()))["response_status"].native == "unauthorized"
    issuer = openssl.pem("i.pem", bytes(row.authority.certificate))
    openssl("ocsp", "-issuer", issuer, "-serial", "0x1234", "-reqout", out)
    answer = status.Response.load(api.ocsp_answer(out.read_bytes())).basic_ocsp_response
    assert answer["tbs_response_data"]["responses"][0]["cert_status"].name == "unknown"
    assert api.ocsp_for(bytes(row.der))
    with pytest.raises(NotFound):
        api.ocsp_for(other.read_bytes())


def test_lists_are_renewed_in_time(world: SimpleNamespace, openssl: OpenSSL) -> None:
    row = issued(world)
    assert status.make_due_lists() == 2 and status.make_due_lists() == 0
    with travelled(timedelta(days=5, hours=1)):
        assert status.make_due_lists() == 2
    assert Authority.objects.get(id=row.authority_id).crl_number == 2


def test_renewal(world: SimpleNamespace, openssl: OpenSSL) -> None:
    old = issued(world, "office")
    taken: CertificateRequest = desk.renew(world.registrar, old.id)
    assert taken.state is RequestState.CHECKED and old.serial in taken.evidence
    own = desk.renew(world.both, old.id)
    with pytest.raises(Refused):
        desk.issue(world.both, own.id)
    new = Certificate.objects.get(serial=desk.issue(world.issuer, taken.id).serial)
    assert new.key_id != old.key_id and api.key(str(old.key_id)).state is KeyState.RETIRED
    assert api.key_for("office", world.office).id == new.key_id
    assert api.judge(bytes(old.der)).good  # lives until it ends


def test_t4_a_desk_answers_for_its_own_offices(world: SimpleNamespace) -> None:
    from tongban.trust.identity import api as identity
    from tongban.trust.identity.data import OfficeKind, OfficeRow

    identity.load_offices([OfficeRow("4601", "海口市示范民政局", OfficeKind.CITY, "460100", "46")])
    city = identity.office_by_code("4601").ref  # the registrar's role reaches the province's own office only
    with pytest.raises(Refused):
        desk.receive(world.registrar, "seal", city)
    assert not Request.objects.exists()


def test_other_rooms_have_holders(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = Ref("seals.seal", "s1")
    with pytest.raises(Invalid):
        desk.receive(world.registrar, "seal", seal)
    monkeypatch.setitem(api.holders._items, "seals.seal", lambda ref: api.Holder("示范省公章", world.office))
    row = issued(world, "seal", seal)
    assert row.title == "示范省公章" and api.key_for("seal", seal).id == row.key_id


def test_refusal_and_the_end_of_a_request(world: SimpleNamespace) -> None:
    taken = desk.receive(world.registrar, "person", world.citizen.person)
    assert desk.refuse(world.issuer, taken.id, "材料不全").refusal == "材料不全"
    for verb in (lambda: desk.check(world.registrar, taken.id, SEEN), lambda: desk.issue(world.issuer, taken.id)):
        with pytest.raises(Refused):
            verb()


def test_dates_and_trust(world: SimpleNamespace, openssl: OpenSSL) -> None:
    row = issued(world)
    assert api.judge(bytes(row.der)).good and row.valid_until - row.valid_from == timedelta(days=1095)
    assert api.judge(bytes(row.der), at=row.valid_until).why == "expired"
    assert api.judge(bytes(row.der), at=row.valid_from - timedelta(seconds=1)).why == "not_yet"
    forged = bytearray(bytes(row.der))
    forged[-1] ^= 1  # our own serial, another signature
    assert api.judge(bytes(forged)).why in ("untrusted", "unreadable")
    assert api.judge(b"junk").why == "unreadable"


def test_an_outside_root(world: SimpleNamespace, openssl: OpenSSL) -> None:
    """Delegated operation: another authority issues, we trust its root and know who the holder is."""
    root, key, leaf = openssl.folder / "r.pem", openssl.folder / "r.key", openssl.folder / "l.pem"
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-days", 30, "-subj", "/CN=Provincial CA", "-keyout", key, "-out", root)
    openssl(
        "req",
        "-new",
        *new_key,
        "-subj",
        "/CN=wang",
        "-keyout",
        openssl.folder / "l.key",
        "-out",
        openssl.folder / "l.csr",
    )
    extensions = openssl.file("e", b"keyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", openssl.folder / "l.csr", "-CA", root, "-CAkey", key, "-days", 20,
            "-extfile", extensions, "-out", leaf)  # fmt: skip
    openssl("x509", "-in", leaf, "-outform", "DER", "-out", openssl.folder / "l.der")
    der = (openssl.folder / "l.der").read_bytes()
    assert api.judge(der).why == "untrusted"
    with pytest.raises(Invalid):
        api.import_root(leaf.read_bytes(), "no authority")
    outside = api.import_root(root.read_bytes(), "省数字证书认证中心", by=world.issuer.person)
    assert api.judge(der).good and api.person_of_certificate(der) is None and len(api.trust_roots()) == 1
    api.bind_certificate(der, world.citizen.person, Purpose.PERSON, by=world.registrar.person)
    assert api.person_of_certificate(der) == world.citizen.person
    with pytest.raises(Refused):
        api.import_root(root.read_bytes(), "again")
    row = Certificate.objects.get(holder=str(world.citizen.person))
    desk.revoke(world.issuer, row.id, Reason.UNSPECIFIED, "解除绑定")
    assert api.person_of_certificate(der) is None
    authority.distrust(outside, "委托终止")
    assert api.trust_roots() == ()


def test_ordinary_classified_line_is_a_place_to_plug_in(world: SimpleNamespace) -> None:
    with pytest.raises(Refused) as refused:
        check_algorithm(Purpose.PERSON, Algorithm.SM2, PolicyLine.ORDINARY)
    assert refused.value.code == "no_algorithm"


def test_policies_have_versions(world: SimpleNamespace) -> None:
    policies.publish_policy(PolicyLine.COMMERCIAL, "1.0", "电子政务商密证书策略。" * 3, by=world.issuer.person)
    assert issued(world).policy == "1.0"
    with pytest.raises(Invalid):
        policies.publish_policy(PolicyLine.COMMERCIAL, "1.0", "另一个文本，不得覆盖已发布的版本，应当另立新版。")
    assert len(policies.policies()) == 1


def test_our_own_certificates_are_renewed_before_they_end(world: SimpleNamespace) -> None:
    node = api.ensure_key("node")
    assert jobs.ending() == []
    with travelled(timedelta(days=370)):
        ids = jobs.ending()
        assert node.id in ids and len(ids) == 3  # and the two status responders
        jobs.nightly.func(0)
        assert jobs.ending() == [] and api.key_for("node").id != node.id
    assert Certificate.objects.filter(state=CertificateState.GOOD, profile="node").count() == 2
    assert chains.certificate(Certificate.objects.filter(profile="node")[0].serial).valid_until > now()


def test_sm2_certificates(world: SimpleNamespace, openssl: OpenSSL) -> None:
    row = issued(world, algorithm=Algorithm.SM2)
    leaf, *above = api.signing_certificate(str(row.key_id))
    files = [openssl.pem(f"{i}.pem", der) for i, der in enumerate((leaf, *above))]
    identity = ("-vfyopt", "distid:1234567812345678")
    # The command line gives the signer's identity to the certificate it checks, not to those above: one at a time.
    assert "OK" in openssl("verify", *identity, "-partial_chain", "-trusted", files[1], files[0])
    assert "OK" in openssl("verify", *identity, "-CAfile", files[2], files[1])
    openssl.fails("verify", "-vfyopt", "distid:somebody", "-CAfile", files[2], files[1])
    assert "SM2-with-SM3" in openssl("x509", "-in", files[0], "-noout", "-text") and api.judge(leaf).good
    assert "Certificate Revocation List" in openssl(
        "crl", "-in", openssl.pem("crl.pem", api.crl_for(above[0]), kind="X509 CRL"), "-noout", "-text"
    )
