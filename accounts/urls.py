"""The second-factor pages; they stand below the admin's address."""

from django.contrib.auth.views import LogoutView
from django.urls import re_path

from accounts import views

app_name = "accounts"
urlpatterns = [
    re_path(r"^verify/?$", views.verify, name="verify"),
    re_path(r"^enrol/?$", views.enrol, name="enrol"),
    re_path(r"^backup-codes/?$", views.backup_codes, name="backup-codes"),
    re_path(r"^sign-out/?$", LogoutView.as_view(next_page="admin:login"), name="sign-out"),
]
