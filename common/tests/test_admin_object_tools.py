from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from django_celery_beat.models import IntervalSchedule

from common.admin import ModelAdmin, object_tools, register_object_tool

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(object_tools, "_tools", {})
    register_object_tool(
        IntervalSchedule,
        label="Take along",
        address_of=lambda schedule: f"/take/{schedule.pk}" if schedule.every > 1 else None,
        permission="django_celery_beat.delete_intervalschedule",
    )


def open_page(*codenames, every=2):
    schedule = IntervalSchedule.objects.create(every=every, period="days")
    user = get_user_model().objects.create_user("staff")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    request = RequestFactory().get("/")
    request.user = user
    page: Any = ModelAdmin(IntervalSchedule, admin.site).change_view(request, str(schedule.pk))
    return page.rendered_content, schedule


def test_a_tool_leads_from_an_objects_page_to_its_address():
    text, schedule = open_page("view_intervalschedule", "delete_intervalschedule")
    assert text.count(f'<a href="/take/{schedule.pk}">Take along</a>') == 1


def test_a_tool_is_hidden_without_its_permission():
    assert "Take along" not in open_page("view_intervalschedule")[0]


def test_an_object_without_an_address_has_no_such_tool():
    assert "Take along" not in open_page("view_intervalschedule", "delete_intervalschedule", every=1)[0]


def test_an_object_of_another_kind_has_no_tools(rf):
    user = get_user_model().objects.create_user("staff")
    request = rf.get("/")
    request.user = user
    assert object_tools.object_tools(user, request) == []
