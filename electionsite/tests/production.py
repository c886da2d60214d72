"""An environment such as production has, with fresh secrets."""

import io

from django.core.management import call_command


def production_environment(**changes: str) -> dict[str, str]:
    """All that production needs; `changes` replace or add variables."""
    written = io.StringIO()
    call_command("make_secrets", stdout=written)
    made = dict(line.split("=", 1) for line in written.getvalue().splitlines())
    return {
        **made,
        "ELECTIONSITE_ENVIRONMENT": "production",
        "ELECTIONSITE_ALLOWED_HOSTS": "bots.example.ir",
        "ELECTIONSITE_PUBLIC_URL": "https://bots.example.ir",
        "ELECTIONSITE_TRUSTED_PROXY_COUNT": "1",
        "DATABASE_URL": "postgresql://site:word@db.internal/electionsite?sslmode=verify-full",
        "REDIS_URL": "redis://cache.internal/0",
        "REDIS_QUEUE_URL": "redis://queue.internal/0",
        "ELECTIONSITE_AUDIT_SEAL_COPIES": "https://collector.internal/seals",
        "ELECTIONSITE_ALARM_ADDRESSES": "operations@example.ir",
        "ELECTIONSITE_MAIL_URL": "smtp+tls://site:word@mail.internal:587",
        **changes,
    }
