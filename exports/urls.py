from django.contrib import admin
from django.urls import re_path

from exports import plan_views, views
from exports.imports.urls import urlpatterns as imports
from exports.links import staff_urls as links
from exports.pages.urls import urlpatterns as pages

app_name = "exports"
urlpatterns = [
    re_path(r"^bot-users/?$", admin.site.admin_view(views.BotUsersPage.as_view()), name="bot-users"),
    re_path(r"^audit-log/?$", admin.site.admin_view(views.AuditLogPage.as_view()), name="audit-log"),
    re_path(
        r"^plan-history/(?P<plan_id>[0-9]{1,18})/?$",
        admin.site.admin_view(plan_views.PlanHistoryPage.as_view()),
        name="plan-history",
    ),
    re_path(r"^move/(?P<move_id>[0-9]{1,18})/?$", admin.site.admin_view(plan_views.MovePage.as_view()), name="move"),
    *links.urlpatterns,
    *imports,
    *pages,
]
