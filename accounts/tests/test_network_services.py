"""The list of allowed networks: who changes it, and that nobody locks themselves out unawares."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils.translation import override

from accounts.models import AllowedNetwork
from accounts.roles import Role
from accounts.services import allow_network, forbid_networks, set_network_note
from accounts.testing import make_staff
from audit.models import AuditLog
from audit.origin import Origin, acting_from
from common.errors import DomainError

pytestmark = pytest.mark.django_db

OFFICE = "192.0.2.0/24"
HOME = "2001:db8::/32"


@pytest.fixture
def owner():
    return make_staff(Role.OWNER)


@pytest.fixture(autouse=True)
def _in_the_office():
    with override("en"), acting_from(Origin(address="192.0.2.10")):
        yield


def listed():
    return [str(network) for network in AllowedNetwork.objects.values_list("network", flat=True)]


def test_an_owner_allows_a_network_and_the_log_knows(owner):
    row = allow_network(network=" 192.0.2.0/24 ", note="Office", actor=owner)
    assert row.network == ipaddress.ip_network(OFFICE)
    assert row.created_by == owner
    logged = AuditLog.objects.get(action="accounts.allowednetwork.add")
    assert (logged.actor_id, logged.object_label, logged.details) == (owner.pk, OFFICE, {"note": "Office"})


def test_both_versions_of_addresses_stand_in_one_list(owner):
    allow_network(network=HOME, accepts_lockout=True, actor=owner)
    allow_network(network=OFFICE, actor=owner)
    assert listed() == [OFFICE, HOME]


@pytest.mark.parametrize("spelling", [OFFICE, "192.0.2.0/255.255.255.0", "::ffff:192.0.2.0/120"])
def test_one_network_stands_in_the_list_once(owner, spelling):
    allow_network(network=OFFICE, actor=owner)
    with pytest.raises(DomainError, match="in the list already") as refused:
        allow_network(network=spelling, actor=owner)
    assert refused.value.code == "network-invalid"


def test_a_network_without_ones_own_address_is_refused_with_that_address(owner):
    with pytest.raises(DomainError, match=r"192\.0\.2\.10") as refused:
        allow_network(network=HOME, actor=owner)
    assert refused.value.code == "locks-out"
    assert listed() == []
    assert not AuditLog.objects.filter(action__startswith="accounts.allowednetwork").exists()


def test_who_confirms_may_lock_themselves_out(owner):
    allow_network(network=HOME, accepts_lockout=True, actor=owner)
    assert listed() == [HOME]


def test_the_network_of_ones_own_address_is_not_removed_while_others_are_left(owner):
    own = allow_network(network=OFFICE, actor=owner)
    allow_network(network=HOME, actor=owner)
    with pytest.raises(DomainError, match=r"192\.0\.2\.10"):
        forbid_networks(networks=[own], actor=owner)
    assert listed() == [OFFICE, HOME]
    assert forbid_networks(networks=[own], accepts_lockout=True, actor=owner) == 1
    assert listed() == [HOME]


def test_the_whole_list_may_go_because_an_empty_one_lets_everybody_in(owner):
    rows = [allow_network(network=network, actor=owner) for network in (OFFICE, HOME)]
    assert forbid_networks(networks=rows, actor=owner) == 2
    logged = AuditLog.objects.filter(action="accounts.allowednetwork.delete").order_by("pk")
    assert [row.object_label for row in logged] == [OFFICE, HOME]
    assert {(row.details["deleted_together"], row.details["left"]) for row in logged} == {(2, 0)}


def test_what_somebody_else_removed_meanwhile_is_not_removed_again(owner):
    row = allow_network(network=OFFICE, actor=owner)
    forbid_networks(networks=[row], actor=owner)
    row.pk = -1
    assert forbid_networks(networks=[row], actor=owner) == 0


def test_a_note_is_changed_with_both_wordings_in_the_log(owner):
    row = allow_network(network=OFFICE, note="Office", actor=owner)
    set_network_note(network=row, note="Office, first floor", actor=owner)
    details = AuditLog.objects.get(action="accounts.allowednetwork.change").details
    assert (details["before"], details["after"]) == ({"note": "Office"}, {"note": "Office, first floor"})


def test_only_owners_without_limits_change_the_list():
    row = allow_network(network=OFFICE, actor=None)
    for person in (make_staff(Role.OPERATIONS), make_staff(Role.OWNER, regions=["tehran"])):
        for change in (
            lambda actor: allow_network(network=HOME, actor=actor),
            lambda actor: set_network_note(network=row, note="mine", actor=actor),
            lambda actor: forbid_networks(networks=[row], actor=actor),
        ):
            with pytest.raises(DomainError) as refused:
                change(person)
            assert refused.value.code == "owners-only"


def test_the_system_has_no_address_to_lock_out():
    allow_network(network=HOME, actor=None)
    assert listed() == [HOME]


@pytest.mark.django_db(transaction=True)
def test_two_owners_do_not_each_remove_the_network_that_the_other_one_counts_on():
    owners = [make_staff(Role.OWNER), make_staff(Role.OWNER)]
    rows = [allow_network(network=network, actor=None) for network in (OFFICE, "192.0.2.0/25")]
    allow_network(network=HOME, actor=None)
    together = Barrier(2)

    def remove(number):
        try:
            with acting_from(Origin(address="192.0.2.10")):
                together.wait(10)
                return forbid_networks(networks=[rows[number]], actor=owners[number])
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(remove, range(2)), key=str) == [1, "locks-out"]
