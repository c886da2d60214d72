"""System checks of the audit log."""

import pytest

from audit.checks import check_audit


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AUDIT_KEYS", "short:abc", "audit.E001"),
        ("AUDIT_KEYS", "", "audit.E001"),
        ("AUDIT_SEAL_COPIES", ["ftp://example.ir"], "audit.E002"),
        ("AUDIT_SEAL_COPIES", [], "audit.W001"),
        ("ALARM_ADDRESSES", [], "audit.W002"),
    ],
)
def test_what_would_leave_the_log_unguarded_is_told(settings, name: str, value: object, expected: str) -> None:
    settings.IS_PRODUCTION = True
    settings.AUDIT_SEAL_COPIES, settings.ALARM_ADDRESSES = ["file:///mnt/seals.jsonl"], ["operations@example.ir"]
    assert check_audit() == []
    setattr(settings, name, value)
    assert [message.id for message in check_audit()] == [expected]
