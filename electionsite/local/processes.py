"""The processes of the site, as they run on one machine."""

import sys

from common.environment import PROJECT_DIR
from electionsite.local.web import HOST

QUEUES = "default,projection,exports"
# As root on one's own machine, as in a container, this is no news.
NO_WORD_ABOUT_ROOT = ("-W", "ignore:You're running the worker with superuser privileges")


def local_processes(port: int, intake_port: int) -> dict[str, list[str]]:
    """The commands of web, intake, poller, sender, worker and beat."""
    gunicorn = [sys.executable, "-m", "gunicorn", "electionsite.wsgi:application"]
    celery = [sys.executable, *NO_WORD_ABOUT_ROOT, "-m", "celery", "--quiet", "--app", "electionsite"]
    return {
        "web": [
            *gunicorn,
            *("--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--threads", "8"),
            *("--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket"),
        ],
        "intake": [
            *(sys.executable, str(PROJECT_DIR / "manage.py"), "run_intake"),
            *("--host", HOST, "--port", str(intake_port), "--processes", "1"),
        ],
        "poller": [sys.executable, str(PROJECT_DIR / "manage.py"), "poll_bots"],
        "sender": [sys.executable, str(PROJECT_DIR / "manage.py"), "send_broadcasts"],
        "worker": [
            *celery,
            *("worker", "--queues", QUEUES, "--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle"),
        ],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile="],
    }
