from django.contrib import admin
from django.urls import re_path

from plans.views.api import available, check_availability

app_name = "plans-api"
urlpatterns = [
    re_path(r"^api/available/?$", admin.site.admin_view(available), name="available"),
    re_path(
        r"^(?P<plan_id>[0-9]{1,18})/api/check-availability/?$",
        admin.site.admin_view(check_availability),
        name="check-availability",
    ),
]
