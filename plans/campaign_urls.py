from django.contrib import admin
from django.urls import re_path

from plans import campaign_views

app_name = "discount-campaigns"
ONE = r"^discount-campaigns/(?P<campaign_id>[0-9]{1,18})"
urlpatterns = [
    re_path(r"^discount-campaigns/?$", admin.site.admin_view(campaign_views.list_campaigns), name="list"),
    re_path(r"^discount-campaigns/create/?$", admin.site.admin_view(campaign_views.add_campaign), name="create"),
    re_path(rf"{ONE}/?$", admin.site.admin_view(campaign_views.campaign_history), name="history"),
    re_path(rf"{ONE}/toggle/?$", admin.site.admin_view(campaign_views.switch_campaign), name="toggle"),
]
