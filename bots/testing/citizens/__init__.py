"""Made-up citizens who use the bots of a test server."""
