"""Fetching updates from the platforms, for places without a public address: many bots in one process."""
