"""`manage.py allow_network`, for somebody whom the list keeps outside."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AllowedNetwork
from audit.models import AuditLog

pytestmark = pytest.mark.django_db

EMPTY = "can be reached from every address in the world"


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("allow_network", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_an_operator_lets_a_network_in_and_the_log_names_the_system():
    out, err = run("192.0.2.0/24", "--note", "Office")
    assert (out, err) == ("The admin can be reached from 192.0.2.0/24.\n", "")
    row = AuditLog.objects.get(action="accounts.allowednetwork.add")
    assert (row.actor_id, row.object_label) == (None, "192.0.2.0/24")


def test_the_list_is_shown():
    run("192.0.2.0/24", "--note", "Office")
    run("2001:db8::1")
    assert run("--list") == ("192.0.2.0/24\tOffice\n2001:db8::1/128\n", "")


def test_an_empty_list_is_warned_of():
    out, err = run("--list")
    assert out == ""
    assert EMPTY in err


def test_a_network_is_removed_in_any_spelling():
    run("192.0.2.0/24")
    run("2001:db8::/32")
    assert run("--remove", "192.0.2.0/255.255.255.0") == ("One network was removed.\n", "")
    assert run("--list")[0] == "2001:db8::/32\n"


def test_the_whole_list_is_cleared():
    run("192.0.2.0/24")
    run("2001:db8::/32")
    out, err = run("--clear")
    assert out == "2 networks were removed.\n"
    assert EMPTY in err
    assert not AllowedNetwork.objects.exists()
    assert AuditLog.objects.filter(action="accounts.allowednetwork.delete").count() == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["office"], "is no network"),
        (["192.0.2.7/24"], "Write 192.0.2.0/24 for the whole network"),
        (["--remove", "192.0.2.0/24"], "is not in the list"),
        (["--remove", "office"], "is no network"),
        ([], "one of the arguments"),
        (["192.0.2.0/24", "--clear"], "not allowed with argument"),
    ],
)
def test_what_can_not_be_done_is_told(arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_a_network_is_not_listed_twice():
    run("192.0.2.0/24")
    with pytest.raises(CommandError, match="in the list already"):
        run("192.0.2.0/24")
