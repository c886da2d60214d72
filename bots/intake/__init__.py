"""Where platforms send updates to: a small process of its own beside Django's web process (docs/adr/0014).

It uses Django's settings and models, and answers without Django's request handling, which would be its limit. What
arrives while a commit runs is committed together by the next one.

`http` reads requests, `application` judges them, `known_bots` holds keys and secrets in memory, `inbox` commits,
`server` runs it all.
"""
