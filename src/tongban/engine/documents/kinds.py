"""The kinds of documents, each with its title and the facts it cannot be written without."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Registry, Text

SEAL = _("Seal for administrative services")
NOTICE = frozenset({"issuer", "date", "addressee", "item", "case_no"})


@dataclass(frozen=True)
class Kind:
    """One kind. ``template`` lies under ``documents/``; ``basis`` is the article of the Administrative
    Licensing Law that the notice rests on when its item is a licence (facts ``licensing``) and gives no basis
    of its own. One that ``carries_proof`` keeps room for the proof of its leaves in the ledger; not for kinds that
    are signed, whose bytes stay as they are."""

    key: str
    title: Text
    licensing_title: Text
    template: str
    needs: frozenset[str]
    basis: Text = ""
    seal: Text = SEAL
    carries_proof: bool = False


kinds: Registry[Kind] = Registry("kind of document")


def _notice(
    key: str, title: Text, licensing: Text, needs: str = "", basis: Text = "", *, carries_proof: bool = False
) -> None:
    needed = NOTICE | set(needs.split())
    kind = Kind(key, title, licensing, f"kinds/{key}.html", needed, basis, carries_proof=carries_proof)
    kinds.register(key, kind)


_notice(
    "receipt",
    _("Receipt of application"),
    _("Receipt of application for an administrative licence"),
    "submitted query_code",
    carries_proof=True,
)
_notice(
    "acceptance",
    _("Notice of acceptance"),
    _("Notice of acceptance of an application for an administrative licence"),
    "submitted due limit",
    _("Article 32(1)(5) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "correction",
    _("Notice of materials to supply or correct"),
    _("Notice of materials to supply or correct for an administrative licence"),
    "submitted lacks",
    _("Article 32(1)(4) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "decline",
    _("Notice that no handling is required"),
    _("Notice that no administrative licence is required"),
    "submitted reason",
    _("Article 32(1)(1) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "refuse_acceptance",
    _("Notice of refusal to accept"),
    _("Notice of refusal to accept an application for an administrative licence"),
    "submitted reason",
    _("Article 32(1)(2) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "suspension",
    _("Notice of a special procedure"),
    _("Notice of a special procedure for an administrative licence"),
    "accepted procedure reason since",
    _("Article 45 of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "extension",
    _("Notice of extension"),
    _("Notice of extension of the time limit for an administrative licence"),
    "accepted days due reason",
    _("Article 42(1) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "decision_grant",
    _("Decision of approval"),
    _("Decision to grant an administrative licence"),
    "accepted",
    _("Article 38(1) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "decision_refuse",
    _("Decision of disapproval"),
    _("Decision to refuse an administrative licence"),
    "accepted reasons",
    _("Article 38(2) of the Administrative Licensing Law of the People's Republic of China"),
)
_notice(
    "withdrawal",
    _("Notice of termination after withdrawal"),
    _("Notice of termination of an application for an administrative licence after withdrawal"),
    "submitted withdrawn",
)

_notice("personal_copy", _("Copy of personal data"), _("Copy of personal data"), "sections")

kinds.register(
    "licence",
    Kind(
        "licence",
        _("Electronic licence"),
        _("Electronic licence"),
        "kinds/licence.html",
        frozenset({"issuer", "date", "title", "holder", "number", "identifier", "face"}),
    ),
)
