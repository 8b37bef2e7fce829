"""Tables of service items. Columns bear the names of the national item library (GB/T 39046 table 4)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import Ref, new_id

from ..items.changes import EDIT, Stage

__all__ = ["Item", "ItemEdit", "ItemFaq", "ItemFee", "ItemMaterial", "ItemStep", "ItemUpload", "ItemVersion"]

ITEM = "hall.item"
IN_USE, PAUSED, CANCELLED = STATES = ("1", "2", "3")
_OPEN = [stage.value for stage in Stage.open()]


def _code(length: int = 50) -> Any:
    return models.CharField(max_length=length, blank=True, default="")


def _text() -> Any:
    return models.TextField(blank=True, default="")


def _list(length: int) -> Any:
    return ArrayField(models.CharField(max_length=length), default=list, blank=True)


class Item(models.Model):
    """A service item as it is in force; `hall_itemversion` keeps every former wording.

    `key` is stable over imports and pack updates; cases refer to it. An empty limit means that none is known; a
    legal limit of -1 that the law sets none; a promised limit of 0 that it is done while you wait. `local` names the
    fields that the office edited here: a pack or a list published again does not overwrite them.
    `task_state`: 1 in use, 2 paused, 3 cancelled.
    """

    id: int
    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    key = models.CharField(max_length=80, unique=True)
    version = models.PositiveIntegerField(default=1)
    digest = _code(64)
    task_state = models.CharField(max_length=1, default=IN_USE, choices=[(state, state) for state in STATES])
    state_reason = _text()
    state_at = models.DateTimeField(null=True)

    task_name = models.CharField(max_length=500)
    group = _code(300)
    summary = _text()
    catalog_code = _code()
    local_catalog_code = _code()
    task_code = _code(80)
    local_task_code = _code(80)
    task_handle_item = _code(80)
    task_type = _code(2)
    use_level = _code(1)
    dept_name = _code(200)
    dept_code = _code(60)
    office = _code(26)
    division = _code(12)

    anticipate_day = models.IntegerField(null=True)
    anticipate_type = _code(1)
    anticipate_explain = _text()
    promise_day = models.IntegerField(null=True)
    promise_type = _code(1)
    promise_explain = _text()
    project_type = _code(1)
    limit_scene_num = models.SmallIntegerField(null=True)
    limit_scene_explain = _text()

    accept_condition = _text()
    by_law = _text()
    handle_flow = _text()
    is_fee = models.BooleanField(null=True)
    fee_basis = _text()
    service_object = _list(1)
    user_topic_type = _list(40)
    corp_topic_type = _list(40)
    handle_type = _list(1)
    is_online = models.BooleanField(null=True)
    online_handle_depth = _code(20)
    online_handle_url = _code(1000)
    result_type = _code(2)
    result_name = _code(300)
    transact_addr = _text()
    transact_time = _text()
    consult_phone = _code(300)
    complain_phone = _code(300)
    plan_effective_date = models.DateField(null=True)
    plan_cancel_date = models.DateField(null=True)

    pack = _code()
    form_key = _code(64)
    process_key = _code(80)
    licence_type = _code(80)
    situations = models.JSONField(default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    local = _list(60)
    attribution = _text()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "hall_item"
        constraints = [
            models.CheckConstraint(condition=Q(task_state__in=STATES), name="hall_item_state"),
            models.CheckConstraint(
                condition=Q(task_state=IN_USE) | ~Q(state_reason=""), name="hall_item_state_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["office", "id"], name="hall_item_office"),
            models.Index(fields=["task_code"], name="hall_item_task_code"),
        ]

    def __str__(self) -> str:
        return self.task_name

    @property
    def ref(self) -> Ref:
        return Ref(ITEM, self.public_id)


class ItemVersion(models.Model):
    """The whole wording of an item from `at` on, until the next version."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    body = models.JSONField()
    at = models.DateTimeField()
    by = _code(120)
    reason = _code(300)

    class Meta:
        db_table = "hall_itemversion"
        constraints = [models.UniqueConstraint(fields=["item", "version"], name="hall_itemversion_once")]

    def __str__(self) -> str:
        return f"{self.item_id} v{self.version}"


class ItemEdit(models.Model):
    """A change of an item on its way: drafted by its office, reviewed by the law, then in force at a date (SVC-09).

    `base` is the version it began from and `body` the wording it wants, shaped as `ItemVersion.body`; with `state`
    it pauses, resumes or cancels the item instead. `editors` are the people who wrote it: none of them reviews it.
    """

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    item = models.ForeignKey(Item, models.CASCADE, related_name="edits")
    state = _code(1)
    base = models.PositiveIntegerField()
    body = models.JSONField(default=dict)
    reason = _text()
    stage = models.CharField(max_length=10, default=Stage.DRAFT.value)
    editors = _list(120)
    reviewer = _code(120)
    opinion = _text()
    on = models.DateField(null=True)
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "hall_itemedit"
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(stage__in=_OPEN, state=""), name="hall_itemedit_one_wording"
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(stage__in=_OPEN) & ~Q(state=""), name="hall_itemedit_one_state"
            ),
            models.CheckConstraint(condition=Q(stage__in=[s.value for s in Stage]), name="hall_itemedit_stage"),
        ]
        indexes = [models.Index(fields=["on"], condition=Q(stage="scheduled"), name="hall_itemedit_scheduled")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.stage}"

    @property
    def ref(self) -> Ref:
        return Ref(EDIT, self.public_id)


class ItemUpload(models.Model):
    """A list that was checked and waits for somebody to confirm its import."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    by = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    mapping = _text()
    attribution = _text()
    at = models.DateTimeField()

    class Meta:
        db_table = "hall_itemupload"

    def __str__(self) -> str:
        return self.name


class Part(models.Model):
    """What the parts of an item have in common: their item and their place in it."""

    order_num = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["order_num"]


class ItemMaterial(Part):
    """A material to hand in. `applies` lists `question=option` texts: none means always."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="materials")
    slot = _code(60)
    material_name = models.CharField(max_length=500)
    material_type = _code(2)
    material_format = _code(2)
    is_need = _code(1)
    page_num = models.PositiveSmallIntegerField(null=True)
    copy_num = models.PositiveSmallIntegerField(null=True)
    source_type = _code(2)
    source_explain = _code(300)
    licence_type = _code(80)
    register = _code(60)
    form_guid = _code(200)
    example_guid = _code(200)
    fill_explain = _text()
    accept_stand = _text()
    by_law = _text()
    applies = _list(80)

    class Meta(Part.Meta):
        db_table = "hall_itemmaterial"

    def __str__(self) -> str:
        return self.material_name


class ItemStep(Part):
    """A step of handling: 受理, 审查, 决定, 制证, 送达 …"""

    item = models.ForeignKey(Item, models.CASCADE, related_name="steps")
    step_name = models.CharField(max_length=200)
    office = _code(200)
    limit_day = models.IntegerField(null=True)
    limit_type = _code(1)
    content = _text()
    result = _text()

    class Meta(Part.Meta):
        db_table = "hall_itemstep"

    def __str__(self) -> str:
        return self.step_name


class ItemFaq(Part):
    """A common question with its answer."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="faqs")
    question = models.TextField()
    answer = models.TextField()

    class Meta(Part.Meta):
        db_table = "hall_itemfaq"

    def __str__(self) -> str:
        return self.question[:40]


class ItemFee(Part):
    """A fee: its name, standard, basis, and whether and when it is reduced."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="fees")
    fee_name = models.CharField(max_length=300)
    fee_stand = _text()
    by_law = _text()
    is_desc = models.BooleanField(null=True)
    desc_explain = _text()

    class Meta(Part.Meta):
        db_table = "hall_itemfee"

    def __str__(self) -> str:
        return self.fee_name


PARTS: dict[str, type[ItemMaterial] | type[ItemStep] | type[ItemFaq] | type[ItemFee]] = {
    "materials": ItemMaterial,
    "steps": ItemStep,
    "faqs": ItemFaq,
    "fees": ItemFee,
}
