"""Sending messages to people, as fast as the platforms allow and never twice: for broadcasts and for replies."""
