"""Whoever was erased stays erased, whatever is restored."""

import pytest

from bots.models import BotUser, Click, ErasedPerson, Message, PollOption
from bots.services.erasure import erase_person
from exports.tests.backup_world import (  # noqa: F401 (a fixture)
    emptied_world,
    empty_database,
    fates_of,
    make_citizen,
    make_world,
    restore,
    write_sealed,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_world")]


@pytest.fixture(autouse=True)
def journal(settings, tmp_path):
    settings.ERASURES_FILE = tmp_path / "elsewhere" / "erasures.jsonl"
    return settings.ERASURES_FILE


@pytest.fixture
def path(tmp_path):
    """A backup, after which a person of the first bot was erased."""
    make_world()
    path = write_sealed(tmp_path)
    erase_person(person_id=erased().get().pk, reason="asked", actor=None)
    return path


def erased():
    return BotUser.objects.filter(bot__slug="bot-karimi", platform_user_id=100)


def test_into_the_system_that_erased_them_by_its_tombstones(path, journal):
    journal.unlink()
    votes = PollOption.objects.get(poll__bot__slug="bot-karimi").erased_votes
    report = restore(path)
    assert report.erased_again == 1
    assert PollOption.objects.get(poll__bot__slug="bot-karimi").erased_votes == votes
    assert not erased().exists()
    assert not Message.objects.filter(bot__slug="bot-karimi", update_id=100).exists()
    assert BotUser.objects.filter(bot__slug="bot-ahmadi", platform_user_id=100).exists()


def test_into_an_empty_database_by_the_journal(path):
    empty_database()
    report = restore(path)
    assert report.erased_again == 1
    assert PollOption.objects.get(poll__bot__slug="bot-karimi").erased_votes == 3
    assert not erased().exists()
    assert not Click.objects.filter(bot__slug="bot-karimi", update_id=100).exists()
    assert ErasedPerson.objects.filter(bot__slug="bot-karimi").count() == 2


def test_who_came_back_by_themselves_before_the_backup_comes_back_with_it(path, tmp_path):
    make_citizen(ErasedPerson.objects.filter(bot__slug="bot-karimi")[0].bot, 100, "here again")
    later = write_sealed(tmp_path / "later")
    empty_database()
    assert restore(later).erased_again == 0
    assert erased().get().first_name == "here again"


def test_tombstones_of_the_backup_come_with_it(path, journal, tmp_path):
    later = write_sealed(tmp_path / "later")
    journal.unlink()
    empty_database()
    report = restore(later)
    assert fates_of(report, "bots_erasedperson") == {"new": 3}
    assert restore(path).erased_again == 1
    assert not erased().exists()
