"""Who gets what: every address of the site, by every role, looked at (GET) and sent to (POST, with an empty form).

`role_matrix.toml` holds the answers. For each address and method it names the HTTP status of groups, and of actors who
differ from their group:

    ["/admin/plans/plan/add/"]
    GET = { strangers = 302, staff = 403, owner = 200, "release manager" = 200 }

302 sends somebody away: strangers to the sign-in, staff home from an object that they can't find. 403 refuses, 404
hides, 405 knows no such method.

A new address makes the first test fail, which prints the lines to add, as the site answers now: read each, then add it.
With `WRITE_ROLE_MATRIX=1` in the environment it writes the whole file so (`pytest -n0 -k every_address` and this file);
the diff is what to review. An object to look at comes from `site_map.Samples`.
"""

import json
import os
import tomllib
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import AuthenticatorDevice
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from electionsite.tests.site_map import Samples, routes

pytestmark = pytest.mark.django_db

MATRIX = Path(__file__).with_name("role_matrix.toml")
HEADING = "# Who gets what; test_role_matrix.py says how to read and extend it."
METHODS = ("GET", "POST")
STRANGERS = ("anonymous", "half signed in")
STAFF = (*(role.value for role in Role), "limited", "no role")
GROUPS = {"strangers": STRANGERS, "staff": STAFF}
ACTORS = (*STRANGERS, *STAFF)

Statuses = dict[str, dict[str, int]]


def client_of(actor: str) -> Client:
    """A browser of somebody who is `actor`. Who is limited is an owner, of another candidate than the samples'."""
    if actor == "anonymous":
        return Client()
    if actor == "half signed in":
        owner = make_staff(Role.OWNER)
        AuthenticatorDevice.objects.create(user=owner, confirmed=True)
        return sign_in(owner, verified=False)
    if actor == "limited":
        return sign_in(make_staff(Role.OWNER, candidates=[make_candidate("another")]))
    return sign_in(make_staff(*([] if actor == "no role" else [Role(actor)])))


def answers_to(actor: str) -> Statuses:
    """The status of each address and method for `actor`. What a request changes is undone before the next one."""
    samples, client = Samples(), client_of(actor)
    client.raise_request_exception = False
    cookies = client.cookies
    found: Statuses = {}
    for route in routes():
        address = samples.address(route)
        for method in METHODS:
            client.cookies = deepcopy(cookies)
            with transaction.atomic():
                found.setdefault(route.template, {})[method] = client.generic(method, address).status_code
                transaction.set_rollback(True)
    return found


def expected_for(actor: str) -> Statuses:
    matrix = tomllib.loads(MATRIX.read_text(encoding="utf-8"))
    group = next(name for name, members in GROUPS.items() if actor in members)
    return {
        address: {method: statuses.get(actor, statuses.get(group)) for method, statuses in methods.items()}
        for address, methods in matrix.items()
    }


def in_words(by_actor: dict[str, Statuses], addresses: list[str]) -> str:
    """Lines of the matrix: each group's most common status, and the actors who differ from it."""
    lines = []
    for address in addresses:
        lines.append(f"\n[{json.dumps(address)}]")
        for method in METHODS:
            told: dict[str, int] = {}
            for group, members in GROUPS.items():
                statuses = {actor: by_actor[actor][address][method] for actor in members}
                usual = Counter(statuses.values()).most_common(1)[0][0]
                told |= {group: usual} | {actor: status for actor, status in statuses.items() if status != usual}
            words = ", ".join(f"{json.dumps(name) if ' ' in name else name} = {told[name]}" for name in told)
            lines.append(f"{method} = {{ {words} }}")
    return "\n".join(lines)


def test_every_address_of_the_site_is_in_the_matrix():
    known = set(tomllib.loads(MATRIX.read_text(encoding="utf-8"))) if MATRIX.exists() else set()
    there = {route.template for route in routes()}
    if os.environ.get("WRITE_ROLE_MATRIX"):
        MATRIX.write_text(f"{HEADING}\n{in_words(answers_now(), sorted(there))}\n", encoding="utf-8")
        return
    assert known <= there, f"These addresses are gone: {sorted(known - there)}"
    if known < there:
        pytest.fail(
            f"New addresses. Check these lines, then add them:\n{in_words(answers_now(), sorted(there - known))}"
        )


def answers_now() -> dict[str, Statuses]:
    """The answers to every actor, each in a database as it was before."""
    found = {}
    for actor in ACTORS:
        with transaction.atomic():
            found[actor] = answers_to(actor)
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("actor", ACTORS)
def test_each_role_gets_what_the_matrix_says(actor):
    expected, found = expected_for(actor), answers_to(actor)
    different = {
        f"{method} {address}": f"{status}, expected {expected[address][method]}"
        for address, methods in found.items()
        for method, status in methods.items()
        if address in expected and status != expected[address][method]
    }
    assert different == {}


def test_no_address_answers_with_an_error():
    matrix = tomllib.loads(MATRIX.read_text(encoding="utf-8"))
    statuses = {status for methods in matrix.values() for answers in methods.values() for status in answers.values()}
    assert statuses <= {200, 204, 301, 302, 307, 400, 401, 403, 404, 405, 410, 415}


@pytest.mark.parametrize("actor", STRANGERS)
def test_nobody_without_a_second_factor_gets_below_the_admin(actor):
    own_pages = {"/admin/login/", "/admin/logout/"}
    for address, methods in expected_for(actor).items():
        if address.startswith("/admin/") and address not in own_pages and "/second-factor/" not in address:
            assert set(methods.values()) == {302}, address
