"""What happens by itself: lists before they run out, our own certificates before they end, leaves of verifications."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from tongban.base.kernel.api import now, system

from . import reseal, service, status
from .data import CertificateState, KeyState
from .life import rotate
from .models import Key
from .profiles import AUTHORITIES, PROFILES

AHEAD = timedelta(days=30)


@app.periodic(cron="17 * * * *")
@app.task(name="keys:hourly", queue="nightly", queueing_lock="keys:hourly")
def hourly(timestamp: int) -> None:
    """Sign the revocation lists that are due and record the hour's verifications."""
    with system():
        status.make_due_lists()
    with system():
        service.record_uses()


@app.periodic(cron="20 19 * * *")
@app.task(name="keys:nightly", queue="nightly", queueing_lock="keys:nightly")
def nightly(timestamp: int) -> None:
    """Renew the installation's own keys whose certificate ends within a month; seal again what lies under old keys."""
    for key_id in ending():
        with system():
            rotate(key_id)
    reseal.reseal()


def ending() -> list[str]:
    """Active keys of the installation itself, without a certificate that lasts another month."""
    own = [purpose for purpose, profile in PROFILES.items() if profile.automatic and purpose not in AUTHORITIES]
    lasting = Key.objects.filter(certificates__state=CertificateState.GOOD, certificates__valid_until__gt=now() + AHEAD)
    due = Key.objects.filter(state=KeyState.ACTIVE, purpose__in=own).exclude(id__in=lasting.values("id"))
    return list(due.values_list("id", flat=True))
