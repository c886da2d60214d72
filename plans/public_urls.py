from django.urls import re_path

from plans.views.public import public_api, public_page

app_name = "public-plans"
urlpatterns = [
    re_path(r"^plans/?$", public_page, name="page"),
    re_path(r"^api/plans/?$", public_api, name="api"),
]
