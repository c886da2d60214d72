import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Candidate
from bots.models import Bot, InboundUpdate
from bots.testing import ASSORTED, CAMPAIGN
from bots.tests.updates import message, send, update

pytestmark = pytest.mark.django_db


def write(path, *lines):
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


def test_replay_makes_a_candidate_and_a_bot_for_an_unknown_slug(tmp_path, capsys):
    file = write(tmp_path / "f", {"bot": "shiraz-9", "update": message("x")})
    call_command("replay_updates", file, create_missing=True)
    bot = Bot.objects.get(slug="shiraz-9")
    assert (bot.candidate.city, bot.candidate.region) == ("shiraz", "isfahan")
    assert InboundUpdate.objects.get().source == InboundUpdate.Source.REPLAY


def test_replay_uses_the_candidate_that_is_there_already(tmp_path, capsys):
    Candidate.objects.create(code="shiraz-9", name="Known")
    call_command(
        "replay_updates", write(tmp_path / "f", {"bot": "shiraz-9", "update": message("x")}), create_missing=True
    )
    assert Bot.objects.get(slug="shiraz-9").candidate.name == "Known"


def test_replay_refuses_unknown_slugs_by_name_and_stores_nothing(bot, tmp_path):
    file = write(tmp_path / "f", {"bot": bot.slug, "update": message("x")}, {"bot": "nobody", "update": message("y")})
    with pytest.raises(CommandError, match="nobody"):
        call_command("replay_updates", file)
    assert not InboundUpdate.objects.exists()


@pytest.mark.parametrize("slug", ["two words", "x" * 60, "a\x00b"])
def test_replay_refuses_names_that_no_bot_can_have_and_makes_none(slug, tmp_path):
    file = write(tmp_path / "f", {"bot": "fine", "update": message("x")}, {"bot": slug, "update": message("y")})
    with pytest.raises(CommandError, match=r"f:2: .*short name"):
        call_command("replay_updates", file, create_missing=True)
    assert not Bot.objects.exists()
    assert not Candidate.objects.exists()


def test_replay_refuses_a_file_with_bad_lines_by_number_and_stores_nothing(bot, tmp_path):
    file = write(
        tmp_path / "f", {"bot": bot.slug, "update": message("x")}, b'{"bot": "cut of', b'{"bot": 5, "update": {}}'
    )
    with pytest.raises(CommandError, match=r"f:2: .*\n.*f:3: "):
        call_command("replay_updates", file)
    assert not InboundUpdate.objects.exists()


def test_replay_passes_over_bad_lines_when_told_to(bot, tmp_path, capsys):
    file = write(tmp_path / "f", b"{", {"bot": bot.slug, "update": message("x")}, b"")
    call_command("replay_updates", file, skip_bad_lines=True)
    assert InboundUpdate.objects.count() == 1
    assert "f:1" in capsys.readouterr().err


def test_bare_updates_need_a_bot(bot, tmp_path, capsys):
    file = write(tmp_path / "f", message("x"))
    with pytest.raises(CommandError, match="--bot"):
        call_command("replay_updates", file)
    call_command("replay_updates", file, bot=bot.slug)
    assert InboundUpdate.objects.count() == 1


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CommandError, match="nowhere"):
        call_command("replay_updates", tmp_path / "nowhere")


def test_assorted_updates_can_be_replayed_and_drained(bot, capsys):
    call_command("replay_updates", ASSORTED, bot=bot.slug)
    call_command("project_updates")
    assert "0 " in capsys.readouterr().out
    assert not InboundUpdate.objects.filter(state__in=["pending", "rejected"]).exists()


def test_updates_are_counted_by_kind_those_of_tomorrow_too(bot, capsys):
    call_command("replay_updates", ASSORTED, bot=bot.slug)
    call_command("project_updates")
    capsys.readouterr()
    call_command("count_updates", json=True)
    counted = json.loads(capsys.readouterr().out)
    assert {"kind": "new_update_kind", "state": "unused", "count": 1} in counted
    assert sum(row["count"] for row in counted) == InboundUpdate.objects.count()
    call_command("count_updates")
    assert "new_update_kind" in capsys.readouterr().out


def test_rejected_updates_are_retried_by_command(bot, capsys):
    send(bot, update(message={"chat": {"id": "seven", "type": "private"}}), message("fine"))
    call_command("retry_updates", dry_run=True)
    assert InboundUpdate.objects.filter(state="rejected").count() == 1
    with pytest.raises(CommandError, match=bot.slug):
        call_command("retry_updates", bot="nobody")
    call_command("retry_updates", bot=bot.slug, kind="poll")
    assert InboundUpdate.objects.filter(state="rejected").count() == 1
    call_command("retry_updates", bot=bot.slug)
    assert list(InboundUpdate.objects.order_by("pk").values_list("state", flat=True)) == ["pending", "projected"]


def test_replay_keeps_each_update_byte_for_byte(capsys):
    call_command("replay_updates", CAMPAIGN, create_missing=True)
    first = CAMPAIGN.read_bytes().splitlines()[0]
    stored = InboundUpdate.objects.order_by("pk").filter(bot__slug="tehran-1")[0]
    assert stored.body.encode() in first
