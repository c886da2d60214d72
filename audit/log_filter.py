"""The request's id in every line of the program's log."""

import logging

from audit.origin import current_request_id


class RequestIdFilter(logging.Filter):
    """Gives each record a `request_id`, by which log lines and audit rows are found for each other; `-` for none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id() or "-"
        return True
