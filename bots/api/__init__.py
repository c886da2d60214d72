"""Talking to a Bot API server (https://core.telegram.org/bots/api); Bale differs by its root only."""
