"""What is done with exports. Each act is audited in the transaction of its change."""
