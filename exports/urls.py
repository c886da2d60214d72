from django.contrib import admin
from django.urls import re_path

from exports import views

app_name = "exports"
urlpatterns = [
    re_path(r"^bot-users/?$", admin.site.admin_view(views.bot_users_page), name="bot-users"),
]
