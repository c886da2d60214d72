"""Real traffic, the totals it must give, and a Bot API server to test against."""

from pathlib import Path

DATA = Path(__file__).parent / "data"
CAMPAIGN = DATA / "campaign.jsonl"
CAMPAIGN_TOTALS = DATA / "campaign.expected.json"
ASSORTED = DATA / "assorted.jsonl"
