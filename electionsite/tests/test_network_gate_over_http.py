"""The list of allowed networks in servers of several processes, over real HTTP."""

import httpx
import pytest
from django.core.management import call_command

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

INSIDE = "192.0.2.10"
OUTSIDE = "203.0.113.9"


def sign_in_page(site, forwarded_for):
    headers = {"X-Forwarded-For": forwarded_for, "Connection": "close"}
    return httpx.get(f"{site}/admin/login/", headers=headers, trust_env=False).status_code


@pytest.mark.parametrize(
    ("proxies", "inside", "outside"),
    [
        ("1", INSIDE, OUTSIDE),
        ("1", f"{OUTSIDE}, {INSIDE}", f"{INSIDE}, {OUTSIDE}"),
        ("2", f"{INSIDE}, 10.0.0.2", f"{INSIDE}, {OUTSIDE}, 10.0.0.2"),
    ],
    ids=["one proxy", "one proxy and a forged entry", "two proxies and a forged entry"],
)
def test_behind_proxies_the_true_address_decides(start_gunicorn, proxies, inside, outside):
    site = start_gunicorn(workers=1, ELECTIONSITE_TRUSTED_PROXY_COUNT=proxies)
    call_command("allow_network", "192.0.2.0/24")
    assert sign_in_page(site, inside) == 200
    assert sign_in_page(site, outside) == 404


def test_without_proxies_what_a_client_writes_counts_for_nothing(gunicorn_site):
    call_command("allow_network", "192.0.2.0/24")
    assert sign_in_page(gunicorn_site, INSIDE) == 404
    call_command("allow_network", "127.0.0.1")
    assert sign_in_page(gunicorn_site, OUTSIDE) == 200


@pytest.mark.parametrize("redis_runs", [True, False])
def test_a_change_holds_at_once_in_every_process(start_gunicorn, own_redis, redis_runs):
    site = start_gunicorn(workers=2, ELECTIONSITE_TRUSTED_PROXY_COUNT="1")
    if not redis_runs:
        own_redis.stop()
    for command, expected in (("192.0.2.0/24", 404), ("203.0.113.0/24", 200), ("--remove=203.0.113.0/24", 404)):
        call_command("allow_network", command)
        assert {sign_in_page(site, OUTSIDE) for _request in range(12)} == {expected}
    call_command("allow_network", "--clear")
    assert {sign_in_page(site, OUTSIDE) for _request in range(12)} == {200}
