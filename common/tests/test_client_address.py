import pytest
from django.test import RequestFactory

from common.client_address import client_address

PROXY = "10.0.0.1"


def request_with(forwarded_for, connected_from=PROXY):
    headers = {} if forwarded_for is None else {"HTTP_X_FORWARDED_FOR": forwarded_for}
    return RequestFactory().get("/", REMOTE_ADDR=connected_from, **headers)


@pytest.mark.parametrize(
    ("proxies", "forwarded_for", "expected"),
    [
        (0, None, PROXY),
        (0, "1.2.3.4", PROXY),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, None, PROXY),
        (2, "1.2.3.4", PROXY),
        (1, "1.2.3.4, unknown", PROXY),
        (1, "1.2.3.4:5678", PROXY),
        (1, "", PROXY),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
    ],
    ids=[
        "no proxy",
        "no proxy but a forged header",
        "one proxy",
        "forged entry left of the proxy's",
        "two proxies",
        "version 6",
        "header missing",
        "fewer entries than proxies",
        "not an address",
        "address with port",
        "empty header",
        "version 4 in the spelling of version 6",
    ],
)
def test_only_what_our_own_proxies_wrote_counts(settings, proxies, forwarded_for, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    assert client_address(request_with(forwarded_for)) == expected


def test_a_version_4_client_of_a_version_6_socket_has_its_version_4_address(settings):
    settings.TRUSTED_PROXY_COUNT = 0
    assert client_address(request_with(None, connected_from="::ffff:192.0.2.1")) == "192.0.2.1"


def test_a_unix_socket_has_no_address(settings):
    settings.TRUSTED_PROXY_COUNT = 0
    assert client_address(request_with(None, connected_from="")) == ""
