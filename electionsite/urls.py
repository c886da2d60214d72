"""All routes, in one place."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/second-factor/", include("accounts.urls")),
    path("admin/exports/", include("exports.urls")),
    path("admin/", admin.site.urls),
    path("", include("bots.urls")),
    path("", include("scaling.urls")),
]
