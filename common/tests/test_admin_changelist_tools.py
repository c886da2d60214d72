from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from django_celery_beat.models import IntervalSchedule

from common.admin import ModelAdmin, changelist_tools, register_changelist_tool

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(changelist_tools, "_tools", {})
    for _twice in range(2):
        register_changelist_tool(
            IntervalSchedule,
            label="Take along",
            url_name="admin:index",
            permission="django_celery_beat.delete_intervalschedule",
            icon_class="exportlink",
        )


def open_list(*codenames, query=""):
    user = get_user_model().objects.create_user("staff")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    request = RequestFactory().get(f"/?{query}")
    request.user = user
    page: Any = ModelAdmin(IntervalSchedule, admin.site).changelist_view(request)
    return page.rendered_content


def test_a_tool_leads_on_with_the_lists_query_string():
    text = open_list("view_intervalschedule", "delete_intervalschedule", query="period__exact=days&o=-1")
    assert text.count("Take along") == 1
    assert 'href="/admin/?period__exact=days&amp;o=-1" class="exportlink"' in text


def test_a_tool_is_hidden_without_its_permission():
    assert "Take along" not in open_list("view_intervalschedule")
