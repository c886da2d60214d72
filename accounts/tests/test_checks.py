import pytest
from django.core.checks import Tags, run_checks


def ids() -> set[str]:
    return {message.id for message in run_checks(tags=[Tags.security]) if message.id}


@pytest.mark.parametrize(
    ("host", "origin", "is_wrong"),
    [
        ("bots.example.ir", "https://bots.example.ir", False),
        ("example.ir", "https://bots.example.ir", False),
        ("bots.example.ir", "https://example.ir", True),
        ("example.ir", "https://badexample.ir", True),
        ("localhost", "http://localhost", False),
    ],
)
def test_a_passkey_host_that_is_not_the_pages_own_is_an_error(settings, host: str, origin: str, is_wrong: bool) -> None:
    settings.OTP_WEBAUTHN_RP_ID = host
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [origin]

    assert ("electionsite.E030" in ids()) is is_wrong
