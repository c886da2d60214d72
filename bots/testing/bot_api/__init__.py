"""A Bot API server on loopback that behaves as the real one does for what we use (core.telegram.org/bots/api).

It knows its people, too: through its control addresses (`controls`) they write, press buttons, vote, share their
contact and block a bot, and it can be told to fail. `server` runs it inside a test, `python -m bots.testing.bot_api`
as a process. Nothing in it needs Django.

Not covered: channels, business accounts, MarkdownV2, editing of media, polls that close by themselves, and API calls
in a webhook's answer.
"""
