"""Every address for programs, over real HTTP against gunicorn, fuzzed by its description: never an error of ours."""

from typing import Any

import httpx
import pytest
import schemathesis
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from bots.models import Broadcast, Poll
from bots.services.bots import create_bot
from bots.testing.intake import RunningIntake
from common.environment import PROJECT_DIR
from electionsite.tests.site_map import routes
from exports.models import DataExportLog
from plans.services import create_plan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

DESCRIBED = schemathesis.openapi.from_path(PROJECT_DIR / "docs" / "openapi.yaml")
OPERATIONS: list[Any] = [found.ok() for found in DESCRIBED.get_all_operations()]  # type: ignore[union-attr]
BODIES = [
    b"", b"null", b"[]", b"{}", b"0", b'"', b"\xff\xfe", b"{" * 100_000, b"[" * 100_000, b'{"answer": ' * 5000,
    b'{"update_id": 1e999}', b'{"update_id": 99999999999999999999}', b'{"update_id": -1, "message": []}',
    b'{"answer": {"id": "\\u0000", "response": null}}', b'{"csp-report": {"document-uri": "http://[::1"}}',
    b"a" * 2**21,
]  # fmt: skip
EXAMPLES = 15


@pytest.fixture
def parameters(intake: RunningIntake) -> dict[str, str]:
    """Those of an address that exists, so that what lies behind it is fuzzed, too."""
    bot = create_bot(candidate=make_candidate(), slug="bot", name="bot", actor=None)
    intake.look()
    plan = create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=1, actor=None)
    known = {"region": bot.candidate.region, "webhook_key": bot.webhook_key, "secret": bot.webhook_secret}
    broadcast = Broadcast.objects.create(candidate=bot.candidate, bot=bot, title="News", text="Hello")
    poll = Poll.objects.create(bot=bot, question="?")
    run = DataExportLog.objects.create(dataset="bot_users", format="csv")
    numbers = {"plan_id": plan.pk, "broadcast_id": broadcast.pk, "poll_id": poll.pk, "run_id": run.pk}
    return {**known, **{name: str(number) for name, number in numbers.items()}}


@pytest.fixture
def headers(parameters: dict[str, str]) -> dict[str, str]:
    """Of a member of staff who has shown a second factor, and of the messenger."""
    client = sign_in(make_staff(Role.OWNER))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    token = "a" * 32
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        "X-CSRFToken": token,
        "X-Telegram-Bot-Api-Secret-Token": parameters["secret"],
    }


def server_of(path: str, site: str, intake: RunningIntake) -> str:
    """Who answers at this path: updates are taken by a server of their own."""
    return intake.url if path.startswith("/webhook/") else site


def test_each_operation_answers_as_described(
    gunicorn_site: str,
    intake: RunningIntake,
    headers: dict[str, str],
    parameters: dict[str, str],
) -> None:
    @hypothesis_settings(
        max_examples=EXAMPLES * len(OPERATIONS), deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=st.one_of(*(operation.as_strategy() for operation in OPERATIONS)))
    def fuzz(case: Any) -> None:
        case.path_parameters = {name: parameters[name] for name in case.path_parameters or ()}
        server = server_of(case.operation.path, gunicorn_site, intake)
        response = case.call(base_url=server, headers=headers, allow_redirects=False)
        documented = {str(status) for status in case.operation.definition.raw["responses"]} - {"503"}
        assert str(response.status_code) in documented, (case.operation.label, case.body, response.text)

    fuzz()


def test_no_body_whatever_it_holds_makes_an_error(
    gunicorn_site: str,
    intake: RunningIntake,
    headers: dict[str, str],
    parameters: dict[str, str],
) -> None:
    once = httpx.Limits(max_keepalive_connections=0)  # gunicorn closes a connection whose body a view didn't read
    with httpx.Client(headers=headers, trust_env=False, limits=once) as client:
        for operation in OPERATIONS:
            address = server_of(operation.path, gunicorn_site, intake) + operation.path.format(**parameters)
            body = operation.definition.raw.get("requestBody", {"content": {"application/json": {}}})
            for content_type in [*body["content"], "text/plain", "multipart/form-data", ""]:
                for content in BODIES:
                    method, kind = operation.method.upper(), {"Content-Type": content_type}
                    response = client.request(method, address, content=content, headers=kind)
                    assert response.status_code < 500, (operation.label, content_type, content[:50])


def test_every_address_for_programs_is_described() -> None:
    is_for_programs = ("/health", "/csp-report", "/api/", "/begin", "/finish")
    found = {
        route.template.rstrip("/") for route in routes() if any(word in route.template for word in is_for_programs)
    }
    assert found == {operation.path for operation in OPERATIONS} - {"/webhook/{region}/{webhook_key}"}  # the intake's
