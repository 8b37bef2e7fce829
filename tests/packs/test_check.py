"""Rule 4: every reference is checked before anything is installed; a finding names file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packs.conftest import change
from tongban.base.kernel.api import DefinitionError
from tongban.packs import api as packs

ITEMS, FORM, PACK = "items.yaml", "forms/elder_card.yaml", "pack.yaml"
BPMN, RULES, CASES = "processes/elder_card.bpmn", "rules/elder_card_eligibility.csv", "cases.yaml"

# file, the text to spoil, what with, and what the finding says about the line on which it stands
SPOILT = [
    (PACK, "version: 1.0.0", "version: one", "three numbers"),
    (PACK, "needs:", "requires:", "unknown key 'requires'"),
    (PACK, "owner: civil_affairs", "owner: magic", "no office of this region plays the part 'magic'"),
    (ITEMS, "    visits: 0\n", "    fees: 12\n", "unknown key 'fees'"),
    (ITEMS, "n: 20, unit: workday", "n: 20, unit: fortnight", "one of workday"),
    (ITEMS, "n: 20, unit", "n: twenty, unit", "a whole number"),
    (ITEMS, "    department: civil_affairs\n", "    department: magic\n", "plays the part 'magic'"),
    (ITEMS, "      form: elder_card", "      form: absent", "there is no form 'absent'"),
    (ITEMS, "      process: elder_card", "      process: absent", "there is no process 'absent'"),
    (ITEMS, "      process: elder_card", "      process: shared:absent", "there is no process"),
    (ITEMS, "      first: civil_affairs", "      first: magic", "plays the part 'magic'"),
    (
        ITEMS,
        'resident: residence = "registered"',
        'resident: residenc = "registered"',
        "names not known here: residenc",
    ),
    (ITEMS, 'resident: residence = "registered"', 'resident: residence = = "x"', "not a FEEL expression"),
    (ITEMS, "        age: years", "        years: years", "reads age, which nothing gives"),
    (ITEMS, "        licence: elder_card", "        licence: absent", "there is no licence type 'absent'"),
    (ITEMS, "        holder_name: 姓名", "        holder_name: 名字", "the face has no line '名字'"),
    (FORM, "code_set: counties", "code_set: absent", "no code set 'absent'"),
    (FORM, "prefill: population.birth_date", "prefill: population.birthday", "nothing is known as"),
    (FORM, "prefill: applicant.phone", "prefill: session.secret", "nothing is known as"),
    (FORM, "type: phone", "type: telephone", "unknown type"),
    (
        FORM,
        "type: date, required: true, max: today, prefill: population.birth_date",
        "register: population.birth_date",
        "a register holds this already",
    ),
    (BPMN, 'tongban:table="elder_card_eligibility"', 'tongban:table="absent"', "no decision table 'absent'"),
    (BPMN, 'tongban:office="civil_affairs"', 'tongban:office="magic"', "plays the part 'magic'"),
    (BPMN, 'answer = "review"', "answer == review", "review"),
    (RULES, "< 60", "< < 60", "expected an expression"),
    (CASES, "title: granted at once", "title: @x", "cannot start"),
    (CASES, "state: granted", "state: splendid", "one of"),
]


@pytest.mark.parametrize(("file", "old", "new", "says"), SPOILT, ids=[f"{s[0]}: {s[2].strip()}" for s in SPOILT])
def test_a_fault_is_found_with_file_and_line(checkout: Path, file: str, old: str, new: str, says: str) -> None:
    folder = checkout / "packs" / "elder_card"
    text = (folder / file).read_text()
    line = text[: text.index(old)].count("\n") + 1
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(DefinitionError) as refused:
        packs.read(["elder_card"])
    findings = refused.value.findings
    assert any(finding.startswith(f"elder_card/{file}:{line}:") and says in finding for finding in findings), findings


def test_results_are_checked_against_the_register(checkout: Path) -> None:
    items = checkout / "packs" / "enterprise_registration" / ITEMS
    change(items, "          status: '\"active\"'\n", "")
    change(items, "          phone: phone\n", "          telephone: phone\n")
    change(items, "field: name}", "field: title}")
    with pytest.raises(DefinitionError) as refused:
        packs.read(["enterprise_registration"])
    found = "\n".join(refused.value.findings)
    assert "the register legal_entity also needs status" in found
    assert "the register legal_entity has no item 'telephone'" in found
    assert "the register legal_entity has no item 'title'" in found
    assert len(refused.value.findings) == 3


def test_a_process_that_names_an_unknown_verb_is_refused(checkout: Path) -> None:
    bpmn = checkout / "packs" / "elder_card" / BPMN
    change(bpmn, '<bpmn:businessRuleTask id="eligibility"', '<bpmn:serviceTask id="eligibility" tongban:verb="rm"')
    change(bpmn, "</bpmn:businessRuleTask>", "</bpmn:serviceTask>")
    with pytest.raises(DefinitionError) as refused:
        packs.read(["elder_card"])
    assert any(
        "processes/elder_card.bpmn:5: eligibility: there is no service verb named rm" in f
        for f in refused.value.findings
    )


def test_two_packs_cannot_define_the_same_thing(checkout: Path, demo: Path) -> None:
    change(demo / ITEMS, "  - key: demo1", "  - key: elder_card")
    with pytest.raises(DefinitionError) as refused:
        packs.read(["elder_card", "demo1"])
    assert any("the item 'elder_card' belongs to the pack elder_card" in f for f in refused.value.findings)


def test_a_pack_that_needs_one_that_is_not_there_is_refused(demo: Path) -> None:
    change(demo / PACK, "needs: [base_registers]", "needs: [absent]")
    with pytest.raises(DefinitionError, match="needs the pack 'absent'"):
        packs.read(["demo1"])


def test_packs_that_need_each_other_are_refused(checkout: Path, demo: Path) -> None:
    change(demo / PACK, "needs: [base_registers]", "needs: [elder_card]")
    change(checkout / "packs" / "elder_card" / PACK, "needs: [base_registers]", "needs: [demo1]")
    with pytest.raises(DefinitionError, match="circle"):
        packs.read(["demo1"])


def test_a_new_pack_passes(demo: Path) -> None:
    packs.read(["demo1"])


ROLES = """roles:
  - key: {key}
    title: {{zh: 经办, en: Desk}}
    reach: own
    permissions: [hall.work, {permission}]
"""


NOT_FOR_PACKS = [
    *("identity.manage", "packs.apply", "jobs.manage", "calendar.edit", "portal.edit"),
    *("register.unmask", "register.export", "items.import", "licences.revoke", "all"),
]


@pytest.mark.parametrize("permission", NOT_FOR_PACKS)
def test_t27_a_pack_cannot_ask_for_an_administrators_rights(demo: Path, permission: str) -> None:
    (demo / "roles.yaml").write_text(ROLES.format(key="demo1_desk", permission=permission))
    with pytest.raises(DefinitionError) as refused:
        packs.read(["demo1"])
    (finding,) = refused.value.findings
    assert finding.startswith("demo1/roles.yaml:5:")
    assert permission in finding


def test_t27_a_pack_cannot_change_a_role_of_others(demo: Path) -> None:
    (demo / "roles.yaml").write_text(ROLES.format(key="window_clerk", permission="hall.accept"))
    with pytest.raises(DefinitionError, match="begin with demo1_"):
        packs.read(["demo1"])


@pytest.mark.parametrize("key", ["scopes: [all]", "grants: [x]", "superuser: true"])
def test_t27_there_are_no_free_keys(demo: Path, key: str) -> None:
    for file in ("pack.yaml", "items.yaml"):
        text = (demo / file).read_text()
        (demo / file).write_text(f"{text}{key}\n")
        with pytest.raises(DefinitionError, match="unknown key"):
            packs.read(["demo1"])
        (demo / file).write_text(text)
