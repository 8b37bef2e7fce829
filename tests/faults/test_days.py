"""A node off for three days, and a hub that lost its whole store: what waits goes out in the end, what came too late is
told, nothing works twice (issue 4, section 5; R10, T8).

Nodes with databases of their own around one hub, real processes. Clocks of all nodes are set three days on while they
are off, and the hub forgets what its windows would have made it forget.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tongban.base.kernel.api import travelled
from tongban.data.transport import own

from .province import Node, Province, province, until
from .states import line, nothing_lost_nothing_doubled, state

DAYS = 3.0


@pytest.fixture(scope="module", name="province")
def _province() -> Iterator[Province]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "SELF_SIGNED_DAYS", 30)
        with province("tax", "health", "civil") as made:
            patch.setattr(own, "SELF_SIGNED_DAYS", 2)
            made.renew("civil")  # ends while it is off
            for node in made.nodes.values():
                node.kill()  # or some had read of the former certificate already
            until(lambda: all(line(node) == (True, "") for node in made.nodes.values()), lambda: state(made))
            yield made


def _codes(node: Node, to: str = "%") -> Counter[tuple[str, str]]:
    """How far the notes of a node have come: stage and code, counted."""
    rows = "SELECT stage, code FROM transport_outbox WHERE business = 'test.note' AND receiver LIKE %s"
    return Counter((stage, code) for stage, code in node.ask(rows, to))


def _until(province: Province, what: dict[tuple[str, str], int], node: Node, to: str = "%") -> None:
    until(lambda: _codes(node, to) == what, lambda: f"{node.name}: {_codes(node, to)}\n{state(province)}")


def test_r10_a_hub_that_lost_its_whole_store_gets_everything_again(province: Province) -> None:
    centre, health = province.nodes["centre"], province.nodes["health"]
    health.switch_off()
    centre.call("send", "health", "25")
    _until(province, {("sent", ""): 25}, centre)
    province.lose_store()
    health.switch_on()
    _until(province, {("processed", ""): 25}, centre)
    nothing_lost_nothing_doubled(province.nodes)


def test_r10_t8_nodes_off_for_three_days(province: Province) -> None:
    """Meanwhile messages expire, the hub's windows pass, a sender renews its certificate and that of another ends;
    after all that everything is replayed as well."""
    centre, tax, health, civil = province.nodes.values()
    tax.call("send", "health", "5")
    _until(province, {("processed", ""): 5}, tax)
    for node in (health, civil):
        node.rest()
        node.call("send", "tax,centre", "10")  # and does not get out any more
        node.switch_off()
    tax.call("send", "health", "10")
    tax.call("send", "health", "5", "200", "0", "", "1")  # worth nothing after a day
    _until(province, {("processed", ""): 5, ("sent", ""): 15}, tax)
    centre.call("forget")
    with travelled(timedelta(days=DAYS - 1)):
        province.renew("tax")
    province.days_later(DAYS)
    _until(province, {("processed", ""): 15, ("expired", "not_taken"): 5}, tax)
    _until(province, {("processed", ""): 10}, health)
    _until(province, {("processed", ""): 10}, civil)  # they were written while its certificate held
    civil.call("send", "tax,centre", "4")  # these are not
    refused = "SELECT count(DISTINCT message) FROM transport_refused WHERE code = 'certificate_expired'"
    for node in (tax, centre):
        until(lambda node=node: node.ask(refused)[0][0] >= 2, lambda: state(province))  # type: ignore[misc]
    with travelled(timedelta(days=DAYS)):
        province.renew("civil")
    for node in (centre, tax, civil):
        node.kill()  # it learns of the new certificate when it is back
    _until(province, {("processed", ""): 14}, civil)
    assert int(tax.call("replay", "health", str(DAYS + 1))) >= 15
    _until(province, {("processed", ""): 15, ("expired", "not_taken"): 5}, tax)
    nothing_lost_nothing_doubled(province.nodes)
