from django.contrib import admin
from django.urls import re_path

from exports import views

app_name = "exports"
urlpatterns = [
    re_path(r"^bot-users/?$", admin.site.admin_view(views.BotUsersPage.as_view()), name="bot-users"),
    re_path(r"^audit-log/?$", admin.site.admin_view(views.AuditLogPage.as_view()), name="audit-log"),
]
