"""Ending sessions over real HTTP, while Redis comes and goes."""

import re
from collections.abc import Callable

import httpx
import pytest

from accounts.models import User
from accounts.testing import make_staff, sign_in
from common.testing.own_servers import OwnServer

PAGE = "/admin/second-factor/sessions"

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def browser(url: str, user: User) -> httpx.Client:
    """One in which `user` is signed in, at the server with this address."""
    key = sign_in(user).session.session_key or ""
    return httpx.Client(base_url=url, cookies={"sessionid": key}, trust_env=False, timeout=20)


def is_in(client: httpx.Client) -> bool:
    return client.get("/admin/").status_code == 200


def end_others(client: httpx.Client) -> None:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(PAGE).text)
    assert token
    sent = {"csrfmiddlewaretoken": token[1], "others": "1"}
    assert client.post(PAGE, data=sent, headers={"Referer": str(client.base_url)}).status_code == 302


@pytest.mark.parametrize("redis_is_away", [False, True])
def test_an_ended_session_stays_ended_whatever_redis_remembers(
    start_gunicorn: Callable[..., str], own_redis: OwnServer, redis_is_away: bool
) -> None:
    url, user = start_gunicorn(workers=2), make_staff()
    with browser(url, user) as here, browser(url, user) as there:
        assert all(is_in(there) for _time in range(4))  # by now both workers and Redis know it
        if redis_is_away:
            own_redis.stop()

        end_others(here)

        assert not any(is_in(there) for _time in range(4))
        assert is_in(here)
        if redis_is_away:
            own_redis.start()  # with the session as it was before
            assert not any(is_in(there) for _time in range(4))
            assert is_in(here)
