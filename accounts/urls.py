"""The second factor and the sessions of staff; they stand below the admin's address."""

from django.contrib.auth.views import LogoutView
from django.urls import re_path

from accounts import views

app_name = "accounts"
urlpatterns = [
    re_path(r"^$", views.overview, name="overview"),
    re_path(r"^verify/?$", views.verify, name="verify"),
    re_path(r"^verify/passkey/begin/?$", views.begin_passkey_check, name="begin-passkey-check"),
    re_path(r"^verify/passkey/finish/?$", views.finish_passkey_check, name="finish-passkey-check"),
    re_path(r"^enrol/?$", views.enrol, name="enrol"),
    re_path(r"^backup-codes/?$", views.backup_codes, name="backup-codes"),
    re_path(r"^passkeys/add/?$", views.add_passkey_page, name="add-passkey"),
    re_path(r"^passkeys/add/begin/?$", views.begin_adding_passkey, name="begin-adding-passkey"),
    re_path(r"^passkeys/add/finish/?$", views.finish_adding_passkey, name="finish-adding-passkey"),
    re_path(r"^passkeys/(?P<passkey_id>[0-9]{1,18})/remove/?$", views.remove_passkey_page, name="remove-passkey"),
    re_path(r"^sessions/?$", views.sessions, name="sessions"),
    re_path(r"^sign-out/?$", LogoutView.as_view(next_page="admin:login"), name="sign-out"),
]
