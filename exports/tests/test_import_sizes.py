"""What was exported comes back, and long lists take seconds."""

import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from exports.tests.dataset_files import write
from exports.tests.importing import browser, confirm, send, shown
from plans.models import Plan, Stage
from plans.services import add_beta_tester
from plans.testing import make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return browser(make_staff(Role.OWNER))


@pytest.mark.parametrize("language", ["fa", "en"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.django_db(transaction=True)
def test_what_was_exported_comes_back_unchanged(format, language):
    client = browser(make_staff(Role.OWNER), language)
    make_candidate("a", name="=Ali", phone="+98 912 111 2233", email="a@example.com")
    make_plan("gold", stage=Stage.DRAFT)
    Plan.objects.update(entitlements={"people": 5})
    add_beta_tester(candidate=Candidate.objects.get(), plan_code="gold", note="first", actor=None)

    for kind in ("candidates", "plans", "testers"):
        data, _written = write(kind, format=format, language=language, watermark="who, when")
        preview = send(client, kind, file=SimpleUploadedFile(f"list.{format}", data))
        assert [outcome for _line, outcome, _changes in shown(preview)] == ["unchanged"], shown(preview)


@pytest.mark.slow
def test_five_thousand_rows_take_seconds(owner):
    rows = [["code", "name", "city", "phone"]]
    rows += [[f"c{number}", f"Name {number}", "tehran", f"0912{number:07}"] for number in range(5000)]

    begun = time.monotonic()
    preview = send(owner, "candidates", *rows)
    previewed = time.monotonic()
    done = confirm(owner, "candidates", preview).context["done"]
    imported = time.monotonic()

    assert done.created_count == 5000
    assert Candidate.objects.count() == 5000
    assert previewed - begun < 20
    assert imported - previewed < 60
