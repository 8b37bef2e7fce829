"""Verifying inside the installation: with its own and its imported roots, and its revocation lists of this minute."""

from __future__ import annotations

from dataclasses import replace

from tongban.base.kernel.api import now
from tongban.trust.keys import api as keys

from .guarded import Anchors, Examiner
from .verdicts import Report


def verify_file(
    content: bytes, beside: bytes | None = None, *, purpose: str = "seal", root: bytes | None = None
) -> Report:
    """The verdict on a PDF or a CMS file, read in a process of its own. Keeps nothing.

    `purpose` that signers' certificates have to have: seal, or publish. `root` (DER): only this one is believed.
    """
    trusted = anchors() if root is None else Anchors((root,), crls=keys.revocation_lists())
    with Examiner(replace(trusted, purpose=purpose), now()) as examiner:
        return examiner.examine(content, beside)


def anchors() -> Anchors:
    """What this installation trusts."""
    return Anchors(keys.trust_roots(), crls=keys.revocation_lists())
