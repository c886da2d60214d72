from django.urls import re_path

from bots.views import webhook

app_name = "bots"

urlpatterns = [
    re_path(r"^webhook/(?P<region>[a-z0-9_-]{1,32})/(?P<webhook_key>[A-Za-z0-9_-]{1,64})/?$", webhook, name="webhook"),
]
