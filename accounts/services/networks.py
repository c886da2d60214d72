"""The networks from which the admin can be reached."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AllowedNetwork, User
from accounts.selectors import may_edit_staff
from audit.origin import current_origin
from audit.services import record
from common.errors import DomainError
from common.networks import Network, admits
from common.validation import refuse_invalid


@transaction.atomic
def allow_network(*, network: str, note: str = "", accepts_lockout: bool = False, actor: User | None) -> AllowedNetwork:
    """Let the admin be reached from `network` (`192.0.2.0/24`); the first one closes it to all others.

    Raises DomainError `network-invalid` (malformed, or in the list already), `owners-only`, and `locks-out` when the
    actor's own address would be outside and `accepts_lockout` is false.
    """
    _refuse_unless_owner(actor)
    row = AllowedNetwork(network=network, note=note, created_by=actor)
    refuse_invalid(row, code="network-invalid")
    _refuse_lockout([*_locked_networks().values(), row.network], actor, accepts_lockout)
    row.save()
    record(action="accounts.allowednetwork.add", actor=actor, target=row, details={"note": note})
    return row


@transaction.atomic
def set_network_note(*, network: AllowedNetwork, note: str, actor: User | None) -> None:
    """Say anew whose network it is. Raises DomainError `owners-only`."""
    _refuse_unless_owner(actor)
    before = AllowedNetwork.objects.values_list("note", flat=True).get(pk=network.pk)
    network.note = note
    network.save(update_fields=["note"])
    details = {"changed": ["note"], "before": {"note": before}, "after": {"note": note}}
    record(action="accounts.allowednetwork.change", actor=actor, target=network, details=details)


@transaction.atomic
def forbid_networks(*, networks: Collection[AllowedNetwork], accepts_lockout: bool = False, actor: User | None) -> int:
    """Take networks from the list and tell how many were still in it; without the last one the admin is open to all.

    Raises DomainError `owners-only`, and `locks-out` when others are left, the actor's own address is in none of
    them, and `accepts_lockout` is false.
    """
    _refuse_unless_owner(actor)
    listed = _locked_networks()
    doomed = [row for row in networks if row.pk in listed]
    left = {key: network for key, network in listed.items() if key not in {row.pk for row in doomed}}
    _refuse_lockout(left.values(), actor, accepts_lockout)
    for row in doomed:
        details = {"note": row.note, "deleted_together": len(doomed), "left": len(left)}
        record(action="accounts.allowednetwork.delete", actor=actor, target=row, details=details)
    AllowedNetwork.objects.filter(pk__in=[row.pk for row in doomed]).delete()
    return len(doomed)


def lockout_words(address: str) -> str:
    """What somebody reads whose change would close the admin to their own address."""
    words = _("Your own address, %(address)s, would be in none of the networks: you would lock yourself out.")
    return words % {"address": address or _("unknown")}


def _locked_networks() -> dict[int, Network]:
    """All networks by key. Locked: of two that hold one's address, two owners could else remove one each."""
    return dict(AllowedNetwork.objects.select_for_update().order_by("pk").values_list("pk", "network"))


def _refuse_lockout(networks: Collection[Network], actor: User | None, accepted: bool) -> None:
    address = current_origin().address
    if actor and not accepted and not admits(networks, address):
        raise DomainError("locks-out", lockout_words(address))


def _refuse_unless_owner(actor: User | None) -> None:
    if actor and not may_edit_staff(actor):
        raise DomainError("owners-only", _("Only owners who aren't limited to scopes may change this list."))
