"""The admin site that staff work in."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class ElectionsiteAdminSite(admin.AdminSite):
    site_title = _("Electionsite")
    site_header = _("Electionsite")
    index_title = _("Home")
    site_url = None
    enable_nav_sidebar = True
