"""Broadcasts; they stand below the admin's address."""

from django.contrib import admin
from django.urls import re_path

from bots.staff import broadcasts as views
from bots.staff.broadcast_acts import ACTS

app_name = "broadcasts"
_ONE = r"^broadcasts/(?P<broadcast_id>[0-9]{1,18})/"
urlpatterns = [
    re_path(r"^broadcasts/new/?$", admin.site.admin_view(views.compose_page), name="new"),
    re_path(r"^broadcasts/api/audience/?$", admin.site.admin_view(views.count_audience), name="audience"),
    re_path(_ONE + r"api/progress/?$", admin.site.admin_view(views.progress), name="progress"),
    re_path(_ONE + r"edit/?$", admin.site.admin_view(views.compose_page), name="edit"),
    re_path(_ONE + r"picture/?$", admin.site.admin_view(views.picture), name="picture"),
    re_path(_ONE + r"submit/?$", admin.site.admin_view(views.submit_page), name="submit"),
    re_path(_ONE + r"test/?$", admin.site.admin_view(views.try_page), name="test"),
    *(re_path(_ONE + rf"{name}/?$", admin.site.admin_view(views.act_page), {"name": name}, name) for name in ACTS),
    re_path(r"^broadcasts/(?P<broadcast_id>[0-9]{1,18})/?$", admin.site.admin_view(views.broadcast_page), name="one"),
]
