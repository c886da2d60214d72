"""What a bot says: its texts, its keyboards, and which of them answers an update."""
