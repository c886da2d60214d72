"""From raw updates to people, clicks, messages, contributions and votes.

`decode` reads bytes, `interpret` says what an update means, `apply` writes a batch of meanings, `worker` claims
batches and judges what can't be used.
"""
