"""Systems of departments go to the office that follows theirs."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref
from tongban.trust.identity.api import held_rows, office_holdings

from .models import Client


def _clients(office: Ref) -> QuerySet[Client]:
    rows: QuerySet[Client] = Client.objects.filter(office__public_id=office.id, disabled_at=None)
    return rows


office_holdings.register("openid.client", held_rows(_("connected systems"), _clients, lambda client: str(client.name)))
