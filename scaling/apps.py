from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScalingConfig(AppConfig):
    name = "scaling"
    verbose_name = _("Load and servers")

    def ready(self) -> None:
        from common.active_alerts import register_alert_source
        from scaling.health import parts_that_do_not_answer

        register_alert_source("health", parts_that_do_not_answer)
