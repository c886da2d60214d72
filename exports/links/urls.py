from django.urls import re_path

from exports.links import views

app_name = "export-links"
urlpatterns = [
    re_path(r"^d/(?P<token>[^/]{1,300})/?$", views.landing, name="landing"),
    re_path(r"^f/(?P<number>[0-9a-f]{32})/?$", views.file, name="file"),
]
