from django.contrib import admin
from django.urls import re_path

from plans import tester_views

app_name = "beta-testers"
urlpatterns = [
    re_path(r"^beta-testers/?$", admin.site.admin_view(tester_views.list_testers), name="list"),
    re_path(r"^beta-testers/add/?$", admin.site.admin_view(tester_views.add_testers), name="add"),
    re_path(
        r"^beta-testers/(?P<tester_id>[0-9]{1,18})/remove/?$",
        admin.site.admin_view(tester_views.remove_tester),
        name="remove",
    ),
]
