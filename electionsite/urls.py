"""All routes, in one place."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts.networks import require_admin_ip
from electionsite.csp_report import csp_report

handler500 = "audit.pages.server_error"

urlpatterns = [
    path("", require_admin_ip(RedirectView.as_view(pattern_name="admin:index"))),
    re_path(r"^csp-report/?$", csp_report, name="csp-report"),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/second-factor/", include("accounts.urls")),
    path("admin/exports/", include("exports.urls")),
    path("admin/plans/", include("plans.urls")),
    path("admin/plans/", include("plans.api_urls")),
    path("admin/", include("plans.tester_urls")),
    path("admin/", include("plans.campaign_urls")),
    path("admin/bots/", include("bots.staff_urls")),
    path("admin/", include("bots.broadcast_urls")),
    path("admin/", admin.site.urls),
    path("exports/", include("exports.links.urls")),
    path("", include("plans.public_urls")),
    path("", include("scaling.urls")),
]
