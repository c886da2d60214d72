"""Memory must not grow with the number of rows; measured, not timed."""

import tracemalloc
from typing import BinaryIO, cast

import pytest

from bots.models import BotUser
from exports import engine
from exports.services import export_bot_users
from exports.tests.samples import SEEN, make_bot

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db, pytest.mark.slow]
FEW, MANY, CHUNK = 600, 6_000, 200


class Nowhere:
    """Takes bytes and keeps none."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None: ...


def peak_bytes(bot, format: str, first: int) -> int:
    tracemalloc.start()
    try:
        summary = export_bot_users(
            queryset=BotUser.objects.filter(bot=bot, platform_user_id__lt=first).order_by("pk"),
            file=cast(BinaryIO, Nowhere()),
            format=format,
            actor=None,
            with_phones=True,
            purpose="test",
            language="fa",
        )
        assert summary.rows == first
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_ten_times_the_rows_take_no_more_memory(format, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", CHUNK)
    bot = make_bot()
    BotUser.objects.bulk_create(
        (
            BotUser(bot=bot, platform_user_id=number, first_name=f"نام {number}", first_seen_at=SEEN, last_seen_at=SEEN)
            for number in range(MANY)
        ),
        batch_size=5_000,
    )
    peak_bytes(bot, format, 100)  # what is loaded and remembered once
    few, many = peak_bytes(bot, format, FEW), peak_bytes(bot, format, MANY)
    assert many < few * 1.5, (few, many)
