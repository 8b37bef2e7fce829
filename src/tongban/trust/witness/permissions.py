"""What this room lets people do: both belong to the audit administrator, who reads and exports and changes nothing."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import administrative, permissions

permissions.register("ledger.audit", _("Read the ledger, its heads and its witnesses"))
permissions.register("ledger.evidence", _("Have evidence packages made"))
administrative.register("ledger.audit", administrative.get("identity.audit"))
administrative.register("ledger.evidence", administrative.get("identity.audit"))
