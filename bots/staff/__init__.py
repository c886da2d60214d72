"""Pages of staff about bots that aren't lists or forms of Django's admin."""
