"""What two requests do at the same moment, in real threads on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import AuthenticatorDevice, BackupCode, User
from accounts.services import SecondFactorRefused, make_backup_codes, verify_second_factor
from accounts.tests.otp import app_code

THREADS = 4

pytestmark = pytest.mark.django_db(transaction=True)


def tries_at_once(user: User, code: str) -> list[bool]:
    """Whether each of four simultaneous tries with the same code was accepted."""
    start = Barrier(THREADS)

    def attempt(_number: int) -> bool:
        try:
            start.wait()
            verify_second_factor(user=user, code=code)
        except SecondFactorRefused:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(attempt, range(THREADS)))


def test_a_backup_code_lets_one_of_several_in() -> None:
    user = User.objects.create_user("sara")
    code = make_backup_codes(user=user, actor=user)[0]

    assert sum(tries_at_once(user, code)) == 1
    assert BackupCode.objects.exclude(used_at=None).count() == 1


def test_an_app_code_lets_one_of_several_in() -> None:
    user = User.objects.create_user("sara")
    device = AuthenticatorDevice.objects.create(user=user)

    assert sum(tries_at_once(user, app_code(device))) == 1
