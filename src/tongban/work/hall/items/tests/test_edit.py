"""Changing an item: draft, legal review by somebody else, publication at a date; versions side by side (SVC-09)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import html

from tongban.base.kernel.api import Invalid, NotFound, Refused, Stale, today, travelled
from tongban.engine.notify import api as notify
from tongban.trust.identity import api as identity
from tongban.work.hall.items import api as items
from tongban.work.hall.items import comparing, queries, wording
from tongban.work.hall.items.changes import Stage
from tongban.work.hall.items.data import ItemDraft, ItemState

Site = Callable[..., Any]
KEY = "residence_permit"


@pytest.fixture
def staff(hall: SimpleNamespace) -> SimpleNamespace:
    """Actors: the editor, a reviewer of the same office, somebody who is both, a stranger."""
    identity.define_role("lawyer", "法制审核员", ["items.review"])
    for name, roles in (("lawyer", ["lawyer"]), ("both", ["editor", "lawyer"])):
        person = identity.create_staff(name, name, second_factor=False)
        identity.assign_post(person.ref, hall.office.ref, "科员", roles)
        setattr(hall, name, person)
    actors = {name: identity.actor_for(getattr(hall, name).ref) for name in ("editor", "lawyer", "both", "stranger")}
    return SimpleNamespace(hall=hall, **actors)


def drafted(staff: SimpleNamespace, **values: Any) -> Any:
    edit = items.begin(staff.editor, KEY)
    edit = items.save(staff.editor, edit.id, edit.revision, values or {"promise_day": 5})
    return items.send(staff.editor, edit.id, "缩短承诺时限", edit.revision)


def inbox(person: Any) -> list[str]:
    actor = identity.actor_for(person.ref)
    with identity.acting(actor):
        return [message.kind for message in notify.messages(actor).messages]


def test_a_change_is_drafted_reviewed_and_published(staff: SimpleNamespace) -> None:
    edit = drafted(staff)
    assert items.item(KEY).promise_day == 10 and edit.stage is Stage.REVIEW
    edit = items.send_back(staff.lawyer, edit.id, "请写明依据", edit.revision)
    assert edit.stage is Stage.RETURNED and items.begin(staff.editor, KEY).id == edit.id
    edit = items.send(staff.editor, edit.id, "缩短承诺时限，见通知", edit.revision)
    edit = items.approve(staff.lawyer, edit.id, "同意", edit.revision)
    assert items.item(KEY).version == 1
    edit = items.publish_edit(staff.editor, edit.id, today(), edit.revision)
    found = items.item(KEY)
    assert (edit.stage, found.version, found.promise_day, len(found.materials)) == (Stage.PUBLISHED, 2, 5, 3)
    assert items.versions(KEY)[0].reason == "缩短承诺时限，见通知"
    assert "hall.item_review" in inbox(staff.hall.lawyer)
    assert {"hall.item_returned", "hall.item_approved", "hall.item_published"} <= set(inbox(staff.hall.editor))


def test_t4_nobody_reviews_what_they_wrote(staff: SimpleNamespace) -> None:
    edit = items.begin(staff.both, KEY)
    edit = items.save(staff.editor, edit.id, edit.revision, {"promise_day": 5})
    edit = items.send(staff.editor, edit.id, "缩短", edit.revision)
    for verb in (items.approve, items.send_back):
        with pytest.raises(Refused):
            verb(staff.both, edit.id, "同意", edit.revision)
    with pytest.raises(NotFound):
        items.approve(staff.editor, edit.id, "同意", edit.revision)
    with pytest.raises(Refused):
        items.publish_edit(staff.editor, edit.id, today(), edit.revision)
    assert items.item(KEY).version == 1 and queries.edits(staff.lawyer)[0].stage is Stage.REVIEW


def test_t13_strangers_do_not_learn_of_a_change(staff: SimpleNamespace) -> None:
    edit = drafted(staff)
    with pytest.raises(Refused):
        items.begin(staff.stranger, KEY)
    with pytest.raises(NotFound):
        items.drop(staff.stranger, edit.id)
    assert queries.edits(staff.stranger) == [] and len(queries.edits(staff.editor)) == 1


def test_what_is_wrong_is_not_sent(staff: SimpleNamespace) -> None:
    edit = items.begin(staff.editor, KEY)
    for reason in (" ", "没有改动"):
        with pytest.raises(Invalid):
            items.send(staff.editor, edit.id, reason, edit.revision)
    edit = items.save(staff.editor, edit.id, edit.revision, {"promise_day": 30})
    with pytest.raises(Invalid) as wrong:
        items.send(staff.editor, edit.id, "延长", edit.revision)
    assert "promise_day" in wrong.value.errors
    with pytest.raises(Invalid):
        items.save(staff.editor, edit.id, edit.revision, {"task_name": ""})


def test_r11_a_stale_draft_says_what_changed(staff: SimpleNamespace) -> None:
    edit = items.begin(staff.editor, KEY)
    items.save(staff.both, edit.id, edit.revision, {"promise_day": 3, "promise_type": "1"})
    with pytest.raises(Stale) as lost:
        items.save(staff.editor, edit.id, edit.revision, {"promise_day": 7, "promise_type": "1"})
    assert len(lost.value.changes) == 1
    assert queries.edits(staff.editor)[0].body["promise_day"] == 3


def test_a_change_overtaken_by_another_version_takes_it_over_first(staff: SimpleNamespace) -> None:
    edit = drafted(staff)
    newer = {**staff.hall.draft.values, "consult_phone": "0898-11111111"}
    items.publish([replace(staff.hall.draft, values=newer)])
    with pytest.raises(Stale) as overtaken:
        items.approve(staff.lawyer, edit.id, "同意", edit.revision)
    assert ("0898-00000000", "0898-11111111") in overtaken.value.changes.values()
    edit = items.take_over(staff.editor, edit.id)
    assert (edit.body["promise_day"], edit.body["consult_phone"], edit.stage) == (5, "0898-11111111", Stage.DRAFT)


def test_what_an_office_edited_outlives_its_pack(staff: SimpleNamespace) -> None:
    edit = items.approve(staff.lawyer, (sent := drafted(staff)).id, "", sent.revision)
    items.publish_edit(staff.editor, edit.id, today(), edit.revision)
    assert items.publish([staff.hall.draft]).unchanged == 1
    items.publish([replace(staff.hall.draft, values={**staff.hall.draft.values, "consult_phone": "0898-1"})])
    found = items.item(KEY)
    assert (found.promise_day, found.fields["consult_phone"]) == (5, "0898-1")


def test_a_change_waits_for_its_day(staff: SimpleNamespace) -> None:
    edit = items.approve(staff.lawyer, (sent := drafted(staff)).id, "", sent.revision)
    with pytest.raises(Invalid):
        items.publish_edit(staff.editor, edit.id, today() - timedelta(1), edit.revision)
    edit = items.publish_edit(staff.editor, edit.id, today() + timedelta(3), edit.revision)
    assert (edit.stage, items.publish_due(), items.item(KEY).version) == (Stage.SCHEDULED, 0, 1)
    with travelled(timedelta(days=3)):
        assert (items.publish_due(), items.publish_due()) == (1, 0)
    assert items.item(KEY).promise_day == 5


def test_pausing_and_cancelling_go_the_same_way(staff: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        items.ask_state(staff.editor, KEY, ItemState.PAUSED, " ")
    edit = items.ask_state(staff.editor, KEY, ItemState.PAUSED, "系统维护")
    with pytest.raises(Refused):
        items.ask_state(staff.editor, KEY, ItemState.CANCELLED, "并入")
    assert items.item(KEY).state is ItemState.IN_USE
    edit = items.approve(staff.lawyer, edit.id, "", edit.revision)
    items.publish_edit(staff.editor, edit.id, today(), edit.revision)
    assert (items.item(KEY).state, items.item(KEY).state_reason) == (ItemState.PAUSED, "系统维护")
    assert items.search_items("居住证").rows == ()


def test_two_wordings_side_by_side() -> None:
    papers = [{"slot": "a", "material_name": "照片"}, {"slot": "b", "material_name": "户口簿"}]
    before = {"task_name": "居住证办理", "by_law": "条例第九条", "materials": papers}
    after = {**before, "by_law": "条例第十条", "materials": [{"slot": "a", "material_name": "近期照片"}]}
    rows = {str(row.title): row for section in comparing.compare(before, after) for row in section.rows}
    assert [piece.text for piece in rows[str(wording.FIELD_TITLES["by_law"])].after if piece.changed] == ["十"]
    name = str(wording.FIELD_TITLES["task_name"])
    assert (rows["近期照片"].kind, rows["户口簿"].kind, rows[name].kind) == ("changed", "removed", "same")


def form_of(response: Any) -> dict[str, Any]:
    """What a browser would send of the page's last form."""
    page = html.fromstring(response.content)
    return dict(page.forms[-1].form_values())


def test_the_pages_from_draft_to_versions(staff: SimpleNamespace, site: Site) -> None:
    client = site("staff", staff.hall.editor)
    begun = client.post(f"/items/{KEY}/edit/")
    page = client.get(begun.url)
    edit = queries.edits(staff.editor)[0]
    typed = {**form_of(page), "promise_day": "-7", "summary": "留着的字"}
    wrong = client.post(begun.url, typed)
    assert wrong.status_code == 422 and "留着的字" in wrong.content.decode()
    assert client.post(begun.url, {**typed, "promise_day": "5"}).status_code == 302
    for part in ("materials", "steps", "faqs", "fees", "situations"):
        assert client.get(f"/items/edits/{edit.id}/{part}/").status_code == 200, part
    materials = f"/items/edits/{edit.id}/materials/"
    more = client.post(materials, {**form_of(client.get(materials)), "act": "more"})
    typed = {**form_of(more), "e-3-material_name": "租房合同", "e-3-applies": "who=agent", "e-0-DELETE": "on"}
    assert client.post(materials, typed).status_code == 302
    kept = queries.edits(staff.editor)[0].body["materials"]
    assert [each["material_name"] for each in kept] == ["居民身份证", "授权委托书", "租房合同"]
    assert kept[0]["licence_type"] == "id_card" and kept[2]["applies"] == ["who=agent"]
    situations = f"/items/edits/{edit.id}/situations/"
    typed = form_of(client.get(situations))
    assert client.post(situations, {**typed, "e-0-options": "本人办理\n代理人\n监护人"}).status_code == 302
    options = queries.edits(staff.editor)[0].body["situations"][0]["options"]
    assert [option["key"] for option in options][1] == "agent" and len(options) == 3
    address = f"/items/edits/{edit.id}/"
    revision = queries.edits(staff.editor)[0].revision
    assert client.post(address, {"act": "send", "reason": "改材料", "revision": revision - 1}).status_code == 409
    assert client.post(address, {"act": "send", "reason": "改材料", "revision": revision}).status_code == 302
    client = site("staff", staff.hall.lawyer)
    assert client.post(address, {"act": "return", "opinion": "", "revision": revision + 1}).status_code == 422
    assert client.post(address, {"act": "approve", "opinion": "同意", "revision": revision + 1}).status_code == 302
    client = site("staff", staff.hall.editor)
    today_ = today().isoformat()
    assert client.post(address, {"act": "publish", "on": today_, "revision": revision + 2}).status_code == 302
    text = " ".join(html.fromstring(client.get(f"/items/{KEY}/versions/").content).text_content().split())
    assert "Version 2" in text and "租房合同" in text and "改材料" in text


def test_an_imported_item_without_an_office_is_edited_by_who_may_edit_anywhere(staff: SimpleNamespace) -> None:
    items.publish([ItemDraft("dog", {"task_name": "养犬登记", "task_type": "98", "row_guid": "x1"})])
    edit = items.begin(staff.editor, "dog")
    edit = items.save(staff.editor, edit.id, edit.revision, {"summary": "登记"})
    edit = items.send(staff.editor, edit.id, "补写说明", edit.revision)
    edit = items.approve(staff.lawyer, edit.id, "", edit.revision)
    items.publish_edit(staff.editor, edit.id, today(), edit.revision)
    found = items.item("dog").fields
    assert (found["summary"], found["task_type"], found["row_guid"]) == ("登记", "98", "x1")
