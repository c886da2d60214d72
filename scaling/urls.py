from django.urls import re_path

from scaling import views

app_name = "scaling"
urlpatterns = [
    re_path(r"^health/?$", views.health, name="health"),
    re_path(r"^health/live/?$", views.live, name="live"),
    re_path(r"^health/ready/?$", views.ready, name="ready"),
]
