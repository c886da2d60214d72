from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ElectionsiteConfig(AppConfig):
    name = "electionsite"

    def ready(self) -> None:
        from electionsite import checks  # noqa: F401 (registers the system checks)


class ElectionsiteAdminConfig(AdminConfig):
    default_site = "electionsite.admin_site.ElectionsiteAdminSite"
