import pytest

from common.logged_paths import logged_path

TOKEN = "q2xEWG7ET8ix3hygrDkpzQWIgxjiQXwKWkbOTekQCbsUXj48pjOZLPklYpm-_Bcx"


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        (f"/exports/d/{TOKEN}", "/exports/d/…"),
        (f"/exports/d/{TOKEN}/?language=en", "/exports/d/…/?language=en"),
        (f"/exports/d/{TOKEN[:40]}", "/exports/d/…"),
        (
            f'"GET https://bots.example.ir/exports/d/{TOKEN} HTTP/1.1"',
            '"GET https://bots.example.ir/exports/d/… HTTP/1.1"',
        ),
        (f"/admin/login/?next=/exports/d/{TOKEN}", "/admin/login/?next=/exports/d/…"),
        ("/exports/d/' OR 1=1 --", "/exports/d/' OR 1=1 --"),
        ("/admin/exports/17/download", "/admin/exports/17/download"),
    ],
)
def test_the_token_of_a_link_is_struck_out(text: str, logged: str) -> None:
    assert logged_path(text) == logged
