"""Looking after bots: whether their platforms send here, whether a plan pays for them, and what it allows."""
