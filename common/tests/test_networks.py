import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from common.networks import admits, parse_network


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        (" 192.0.2.7 ", "192.0.2.7/32"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("۱۹۲.۰.۲.۰/۲۴", "192.0.2.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_every_usual_spelling_is_understood(typed, meant):
    assert str(parse_network(typed)) == meant


@pytest.mark.parametrize("typed", ["", "office", "192.0.2.0/33", "300.1.1.1", "1", "192.0.2.0/24/8", "fe80::1%eth0"])
def test_what_is_no_network_is_refused_with_an_example(typed):
    with override("en"), pytest.raises(ValidationError, match=r"Write it as 192\.0\.2\.0/24 or 2001:db8::/32"):
        parse_network(typed)


def test_an_address_within_a_network_is_refused_with_both_things_it_may_mean():
    with override("en"), pytest.raises(ValidationError) as refused:
        parse_network("192.0.2.7/24")
    assert "Write 192.0.2.0/24 for the whole network or 192.0.2.7 for this address alone" in refused.value.messages[0]


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        ([], "203.0.113.9", True),
        ([], "", True),
        (["192.0.2.0/24"], "192.0.2.255", True),
        (["192.0.2.0/24"], "192.0.3.0", False),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db8::9", True),
        (["2001:db8::/32"], "192.0.2.1", False),
        (["192.0.2.0/24"], "", False),
        (["192.0.2.0/24"], "unknown", False),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["0.0.0.0/0"], "2001:db8::9", False),
    ],
)
def test_a_list_admits_its_networks_and_an_empty_one_everybody(networks, address, expected):
    assert admits([parse_network(network) for network in networks], address) is expected
