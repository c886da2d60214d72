"""Signing in with a name and a password: how often somebody may try, and what they read when they may not."""
