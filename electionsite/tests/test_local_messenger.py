"""The messenger of `manage.py run_local`: made-up citizens whose updates come in by the intake, unless it is off."""

import re
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest

from bots.models import Bot
from common.testing.processes import wait_until
from electionsite.local.demo import make_demo_data
from electionsite.local.messenger import name_test_server, use_test_server
from electionsite.tests.test_run_local import LocalRun, data_dir

__all__ = ["data_dir"]


@pytest.mark.slow
@pytest.mark.xdist_group("run_local")
def test_a_newcomer_sees_citizens_come_in(data_dir: Path, migrated_postgresql):
    host = psycopg.conninfo.conninfo_to_dict(migrated_postgresql.url)["host"]
    database_url = f"postgresql://postgres@{quote(str(host), safe='')}/electionsite"
    with LocalRun(data_dir, DATABASE_URL=database_url) as run:
        run.wait_for("Ctrl-C stops everything.")
        port = re.search(r"test server on port (\d+)", run.output)
        assert port, run.output
        with psycopg.connect(migrated_postgresql.url, autocommit=True) as connection:

            def came_in():
                query = "SELECT count(*) FROM bots_inboundupdate WHERE source = 'webhook' AND state = 'projected'"
                row = connection.execute(query).fetchone()
                return row is not None and row[0] >= 10

            assert wait_until(came_in, 60), run.output
        info = httpx.get(f"http://127.0.0.1:{port[1]}/bot1000001:made-up/getWebhookInfo").json()["result"]
        assert "last_error_message" not in info
        assert run.end() == 0
    assert "Traceback" not in run.output


@pytest.mark.slow
@pytest.mark.xdist_group("run_local")
def test_it_can_be_left_out(data_dir: Path):
    with LocalRun(data_dir, ELECTIONSITE_TEST_MESSENGER="no") as run:
        run.wait_for("Ctrl-C stops everything.")
        assert "Messenger:" not in run.output
        assert run.end() == 0


@pytest.mark.django_db
def test_a_bot_with_a_real_token_is_left_alone(settings, monkeypatch):
    monkeypatch.setenv("ELECTIONSITE_BOT_API_SERVERS", "")
    settings.BOT_API_SERVERS = []
    make_demo_data()
    real = Bot.objects.order_by("pk")[0]
    real.token = "5:from-botfather"
    real.save()
    connected = use_test_server(name_test_server(8081))
    assert len(connected) == 2
    assert use_test_server(name_test_server(8082)) == connected
    real.refresh_from_db()
    assert (real.api_root, real.token) == ("", "5:from-botfather")
    assert {bot.api_root for bot in Bot.objects.exclude(pk=real.pk)} == {"http://127.0.0.1:8082"}
