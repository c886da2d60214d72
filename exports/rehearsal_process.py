"""Where the other process of a rehearsal begins: `python -m exports.rehearsal_process`."""

import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "electionsite.settings")
    django.setup()
    from exports.backup.scratch import answer  # needs what was just set up

    answer()


if __name__ == "__main__":
    main()
