"""Seals: the chain of HMACs that shows whether the audit log is the one that was written."""
