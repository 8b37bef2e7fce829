"""Check digits, against numbers of public documents (GB 11643, GB 32100, GB 11714, GB/T 36904)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.base.kernel import api as kernel


@pytest.mark.parametrize(
    "code",
    ["91350100M000100Y43", "11370800MB28559184", "11100000000013338W", "11430000006122244L", "11511301008778183N"],
)
def test_credit_codes_of_real_bodies_pass(code: str) -> None:
    assert kernel.credit_code(code).level == "ok"


@pytest.mark.parametrize("code", ["91350100M0001TGQXM", "91350211M0000XUF46", "91350203M0001FUE2P"])
def test_early_pilot_codes_are_warnings_because_they_are_legal(code: str) -> None:
    assert kernel.credit_code(code).level == "warning"


@pytest.mark.parametrize("code", ["", "9135", "91350100M000100YO3", "91350100m000100y43"])
def test_what_cannot_be_a_credit_code_is_an_error(code: str) -> None:
    assert kernel.credit_code(code).level == "error"


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_identity_numbers_of_the_standard_pass(number: str) -> None:
    assert kernel.identity_number(number).level == "ok"


@pytest.mark.parametrize(
    "number", ["110105194912310021", "110105194902300020", "11010519491231002x", "１1010519491231002X", ""]
)
def test_wrong_identity_numbers_are_errors(number: str) -> None:
    assert kernel.identity_number(number).level == "error"


@pytest.mark.parametrize(("first", "check"), [("M000100Y", "4"), ("00001333", "8")])
def test_organisation_codes(first: str, check: str) -> None:
    assert kernel.org_check(first) == check
    assert kernel.org_code(f"{first}-{check}")


@pytest.mark.parametrize(
    ("middle", "check"),
    [
        ("11100000000013338W01111430000006122244L20230000403001", "U"),
        ("11100000MB0327169902234010000000001600 1".replace(" ", ""), "9"),
    ],
)
def test_licence_identifiers(middle: str, check: str) -> None:
    assert kernel.licence_check(middle) == check


@given(st.text(alphabet="0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(first: str, place: int, step: int) -> None:
    check = kernel.identity_check(first)
    changed = first[:place] + str((int(first[place]) + step) % 10) + first[place + 1 :]
    assert kernel.identity_check(changed) != check


def test_public_ids_are_opaque() -> None:
    ids = {kernel.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == 26 and set(i) <= set("0123456789abcdefghjkmnpqrstvwxyz") for i in ids)
