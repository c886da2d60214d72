"""The pages about links below the admin's address; `exports.urls` takes them in."""

from django.contrib import admin
from django.urls import re_path

from exports.links import staff_views

urlpatterns = [
    re_path(r"^(?P<run_id>[0-9]{1,18})/download/?$", admin.site.admin_view(staff_views.download_page), name="download"),
    re_path(r"^api/verify-link/?$", admin.site.admin_view(staff_views.verify_link), name="verify-link"),
]
