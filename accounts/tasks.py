from importlib import import_module

from celery import shared_task
from django.conf import settings

from accounts import services


@shared_task(name="accounts.clean_sessions", soft_time_limit=50, time_limit=60)
def clean_sessions() -> int:
    """End sessions that nobody came back to and delete what they left; returns how many were ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return services.clean_sessions()


@shared_task(name="accounts.forget_outdated_guards", soft_time_limit=50, time_limit=60)
def forget_outdated_guards() -> int:
    """Delete the guards of the sign-in whose count or lock has ended; returns how many."""
    return services.forget_outdated_guards()
