"""Questions about items: routed to the item's office, answered within five working days (SVC-30)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, now
from tongban.base.ledger import api as ledger
from tongban.engine.notify import api as notify
from tongban.trust.identity.api import limited, require
from tongban.trust.identity.data import OFFICE, Actor

from ..limits import REPLY_DAYS
from ..models import Question
from ..queries.items import item_office, item_title


def ask(actor: Actor, item: str, text: str) -> Question:
    """Ask the office of an item a question."""
    if actor.public:
        raise Refused(_("Please sign in, so that the answer can reach you."), code="sign_in")
    if len(text.strip()) < 5:
        raise Invalid({"text": _("Please write your question in a sentence.")})
    if len(text) > 1000:
        raise Invalid({"text": _("Please keep the question within 1,000 characters.")})
    if limited(f"question:{actor.person}", 10, 86_400):
        raise Refused(_("You have asked ten questions today. Please wait until tomorrow."), code="limit")
    with transaction.atomic():
        office = item_office(item)
        question = Question.objects.create(
            item=item,
            item_title=item_title(item),
            office=office.id,
            asker=str(actor.person),
            text=text.strip(),
            asked_at=now(),
        )
        ref = Ref("hall.question", question.public_id)
        question.due = calendars.open_deadline(
            ref, "MAIL.REPLY", now(), REPLY_DAYS, "workday", str(_("reply limit"))
        ).due
        question.save(update_fields=["due"])
        ledger.write("hall.question.asked", ref, by=actor.by, item=item, office=office.id)
    return question


def reply(actor: Actor, question_id: str, text: str, *, public: bool) -> Question:
    """Answer a question, for everybody to read or only for who asked."""
    if not text.strip():
        raise Invalid({"reply": _("Please write the answer.")})
    with transaction.atomic():
        question = Question.objects.select_for_update().filter(public_id=question_id).first()
        if question is None:
            raise NotFound(_("There is no such question."))
        require(actor, "hall.answer", Ref(OFFICE, question.office))
        if question.replied_at:
            raise Refused(_("This question has already been answered."), code="done")
        question.reply, question.public = text.strip(), public
        question.replied_at, question.replied_by = now(), str(actor.person)
        question.save()
        ref = Ref("hall.question", question.public_id)
        calendars.close(ref)
        ledger.write("hall.question.answered", ref, by=actor.by, office=question.office, public=public)
        notify.tell(Ref.parse(question.asker), "hall.answered", {"item": question.item_title}, link="/my/questions/")
    return question
