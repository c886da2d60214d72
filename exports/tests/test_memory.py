"""Memory must not grow with the number of rows; measured, not timed."""

import tracemalloc
from typing import BinaryIO, cast

import pytest

from bots.models import BotUser
from exports.engine import SheetSource, reading, write_export
from exports.resources import BotUserResource
from exports.tests.samples import SEEN, make_bot

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FEW, MANY, BLOCK_BYTES = 600, 6_000, 40_000


class Nowhere:
    """Takes bytes and keeps none."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None: ...


def peak_bytes(bot, format: str, first: int) -> int:
    people = BotUser.objects.filter(bot=bot, platform_user_id__lt=first).order_by("pk")
    sheet = SheetSource("People", BotUserResource(), people)
    tracemalloc.start()
    try:
        written = write_export(sheets=[sheet], format=format, file=cast(BinaryIO, Nowhere()), language="fa")
        assert written.rows == first
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ["نام {}", "=نام\n{}"])
def test_ten_times_the_rows_take_no_more_memory(format, name, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK_BYTES", BLOCK_BYTES)
    bot = make_bot()
    BotUser.objects.bulk_create(
        (
            BotUser(
                bot=bot, platform_user_id=number, first_name=name.format(number), phone="0912", first_seen_at=SEEN,
                last_seen_at=SEEN,
            )
            for number in range(MANY)
        ),
        batch_size=5_000,
    )  # fmt: skip
    peak_bytes(bot, format, 100)  # what is loaded and remembered once
    few, many = peak_bytes(bot, format, FEW), peak_bytes(bot, format, MANY)
    assert many < few * 1.5, (few, many)
