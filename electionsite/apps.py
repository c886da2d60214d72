from constance.apps import ConstanceConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ElectionsiteConfig(AppConfig):
    name = "electionsite"

    def ready(self) -> None:
        from electionsite import checks  # noqa: F401 (registers the system checks)


class ElectionsiteAdminConfig(AdminConfig):
    default_site = "electionsite.admin_site.ElectionsiteAdminSite"


class SystemSettingsConfig(ConstanceConfig):  # type: ignore[misc]
    verbose_name = _("System settings")
