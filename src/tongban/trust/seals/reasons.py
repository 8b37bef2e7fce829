"""The sentences behind the codes of `verdicts.Reason`; English here, Chinese in the room's catalogue."""

from __future__ import annotations

from collections.abc import Callable

from .verdicts import Reason


def _(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


TEXTS: dict[str, str] = {
    # the file
    "ok": _("Unchanged since it was sealed by %(signer)s."),
    "ok_changes": _("Sealed by %(signer)s; since then only what the seal allows was added."),
    "ok_timestamp": _("Unchanged since the timestamp of %(signer)s."),
    "ok_timestamp_changes": _("Timestamped by %(signer)s; since then only what is allowed was added."),
    "no_seal": _("The file bears no seal."),
    "empty_field": _("The file has a place for a seal, but nobody has sealed it."),
    "certificates_only": _("The file holds certificates only, no signature."),
    "encrypted_message": _("The file is an encrypted message without a signature."),
    "other_message": _("The file is a CMS message without a signature."),
    "missing": _("There is no such file."),
    "not_a_file": _("This is not a file."),
    "no_permission": _("The file may not be read."),
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than %(limit)s MB."),
    "not_known": _("The file is neither a PDF nor a CMS signature."),
    "ofd": _("OFD seals (GB/T 33190, GB/T 38540) are not supported yet."),
    "container": _("This kind of signed container is not supported yet."),
    "damaged": _("The file is damaged and cannot be read: %(detail)s"),
    "password": _("The PDF is encrypted and opens only with a password or a key."),
    "too_much_work": _("Reading the file took more time or memory than a file may use."),
    "no_content": _("The signature stands beside its content, and the content was not given."),
    # content
    "digest": _("The content is not the one that was sealed."),
    "part_only": _("The seal leaves out part of the file, and what it leaves out could have been put in later."),
    "cut": _("The seal covers more than the file holds now: something was cut off or the file was saved anew."),
    "changed_after": _("Something was changed after sealing that the seal does not allow."),
    "appended": _("Something was appended after sealing."),
    "not_allowed": _("A later change goes beyond what the seal allows."),
    "removed": _("An earlier version of this file was sealed; the seal was taken out of it later."),
    "two_ways": _("A later change can be read in two ways."),
    "other_content": _("The content given is not the one inside the message."),
    # the seal
    "no_value": _("The seal has no signature value."),
    "range": _("The seal does not say properly which part of the file it covers."),
    "not_cms": _("The signature value cannot be read."),
    "no_certificate": _("The certificate of the signer is missing."),
    "bad_value": _("The signature value does not fit: it or the signed data was damaged or forged."),
    "bad_attributes": _("The signed attributes are incomplete or contradict the signature."),
    "other_certificate": _("The signature names another certificate than the one that comes with it."),
    "encapsulated": _("The signature carries content of its own where it must not."),
    "algorithm": _("The algorithm %(name)s is not supported."),
    "bad_timestamp": _("The timestamp does not belong to this signature or is damaged."),
    "structure": _("The seal's structure is damaged."),
    "format": _("The signature format %(name)s is not known."),
    # the signer
    "no_chain": _("The certificate does not lead to a trusted root."),
    "no_roots": _("No trusted roots are known here, so the signer cannot be trusted."),
    "expired": _("The certificate expired on %(date)s, and no trusted timestamp shows that the seal is older."),
    "expired_then": _("The certificate had expired on %(date)s, before sealing."),
    "not_yet": _("The certificate is valid only from %(date)s."),
    "revoked": _("The certificate was revoked on %(date)s."),
    "ca_revoked": _("The certificate of the authority was revoked on %(date)s."),
    "purpose": _("The certificate is not meant for this."),
    "weak_chain": _("The certificate was issued with an algorithm that can be forged."),
    "chain": _("The chain of certificates does not hold: %(detail)s"),
    "forgeable": _("%(name)s can be forged; the seal proves nothing any more."),
    # notes
    "weak": _("%(name)s is weak by today's standards."),
    "timestamp_untrusted": _("The timestamp comes from an authority that is not trusted here."),
    "line_ends": _("The signature is over the text with network line ends (S/MIME)."),
    "behind": _("Behind the message stand bytes that nobody has signed."),
    "lenient": _("The PDF deviates from the standard; it was read as viewers read it."),
    "hybrid": _("The PDF has hybrid cross-references."),
    "revoked_later": _("The certificate was revoked on %(date)s, after sealing."),
    "expired_since": _("The certificate has expired since; a trusted timestamp shows that the seal is older."),
    # changes
    "page_added": _("page added"),
    "page_removed": _("page removed"),
    "page_moved": _("page moved"),
    "page_content": _("text or pictures changed"),
    "annotation_added": _("annotation added (%(kind)s)"),
    "annotation_removed": _("annotation removed (%(kind)s)"),
    "annotation_changed": _("annotation changed (%(kind)s)"),
    "field_filled": _("form field filled in: %(name)s"),
    "field_added": _("form field added: %(name)s"),
    "field_removed": _("form field removed: %(name)s"),
    "seal_added": _("further seal: %(name)s"),
    "stamp_added": _("timestamp added"),
    "long_term": _("data for long-term validation added"),
    "document_changed": _("structure of the document changed"),
}


def said(reason: Reason, translate: Callable[[str], str] = str) -> str:
    """The sentence, in the language of `translate`."""
    return translate(TEXTS[reason.code]) % reason.facts
