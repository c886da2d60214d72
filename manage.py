#!/usr/bin/env python
"""Commands of Electionsite; `manage.py help` lists them."""

import os
import sys

COMMANDS_WITHOUT_SERVERS = {
    "help", "version", "--help", "--version", "check", "makemessages", "compilemessages", "collectstatic", "make_secrets",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "electionsite.settings")
    from common.embedded import provide_servers
    from common.environment import environment_name

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    wants_help = {"-h", "--help"} & set(sys.argv)
    if environment_name() != "production" and command not in COMMANDS_WITHOUT_SERVERS and not wants_help:
        provide_servers()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
