"""The SQL of moves: who is taken, whose plan is changed, and what is written down of the others."""

LOCK_PARTS = "SELECT pg_advisory_xact_lock(%s)"
# Shared, as buyers lock it: they don't wait for the part. Who retires the plan or takes its price away does.
HOLD_PLAN = "SELECT stage, price_rials FROM plans_plan WHERE id = %s FOR SHARE"
# What the planner knows of a table that was filled a moment ago is wrong by orders of magnitude. Left to itself it may
# compare everybody of a part with everybody.
PLAN_FOR_MANY = "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true)"
TAKE_SUBSCRIBERS = """
WITH taken AS (
    INSERT INTO plans_subscribermovepart (move_id, subscription_ids)
    SELECT %(move)s, array_agg(id ORDER BY id)
    FROM (
        SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(part_size)s AS part
        FROM plans_subscription WHERE plan_id = %(plan)s AND ended_at IS NULL
    ) AS numbered
    GROUP BY part ORDER BY part
    RETURNING cardinality(subscription_ids) AS size
)
SELECT coalesce(sum(size), 0) FROM taken
"""
# A subscriber whom another transaction is changing is waited for, and then judged as that one left them. That each
# table is told the part's bounds keeps the planner from reading all of it for each part.
CHANGE_PLAN = """
UPDATE plans_subscription AS subscription SET plan_id = %(target)s
FROM unnest(%(subscriptions)s::bigint[]) AS wanted (id)
WHERE subscription.id = wanted.id AND subscription.id BETWEEN %(first)s AND %(last)s
    AND subscription.plan_id = %(source)s AND subscription.ended_at IS NULL
    AND NOT EXISTS (
        SELECT FROM plans_subscribermoverow AS later
        WHERE later.move_id = ANY(%(later_moves)s::bigint[]) AND later.outcome IN ('moved', 'kept')
            AND later.subscription_id = wanted.id AND later.subscription_id BETWEEN %(first)s AND %(last)s
    )
RETURNING subscription.id
"""
MOVE_THERE = f"""
WITH changed AS ({CHANGE_PLAN})
INSERT INTO plans_subscribermoverow (move_id, subscription_id, outcome, why)
SELECT %(move)s, id, 'moved', '' FROM changed
"""  # noqa: S608 (made of the statements above)
MOVE_BACK = f"""
WITH changed AS ({CHANGE_PLAN})
UPDATE plans_subscribermoverow AS line SET outcome = 'returned'
FROM changed
WHERE line.move_id = %(move)s AND line.subscription_id = changed.id
    AND line.subscription_id BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 (made of the statements above)
WHY_LEFT = """
CASE WHEN subscription.ended_at IS NOT NULL THEN 'ended'
    WHEN subscription.plan_id = %(target)s THEN 'there-already'
    WHEN subscription.plan_id <> %(source)s THEN 'other-plan'
    ELSE 'later-move' END
"""
SKIP_THE_REST = f"""
INSERT INTO plans_subscribermoverow (move_id, subscription_id, outcome, why)
SELECT %(move)s, subscription.id, 'skipped', {WHY_LEFT}
FROM unnest(%(subscriptions)s::bigint[]) AS wanted (id)
JOIN plans_subscription AS subscription ON subscription.id = wanted.id
WHERE subscription.id BETWEEN %(first)s AND %(last)s AND NOT EXISTS (
    SELECT FROM plans_subscribermoverow AS line
    WHERE line.move_id = %(move)s AND line.subscription_id = wanted.id
        AND line.subscription_id BETWEEN %(first)s AND %(last)s
)
"""  # noqa: S608 (made of the statements above)
KEEP_THE_REST = f"""
UPDATE plans_subscribermoverow AS line SET outcome = 'kept', why = {WHY_LEFT}
FROM unnest(%(subscriptions)s::bigint[]) AS wanted (id)
JOIN plans_subscription AS subscription ON subscription.id = wanted.id
WHERE line.move_id = %(move)s AND line.subscription_id = wanted.id AND line.outcome = 'moved'
    AND line.subscription_id BETWEEN %(first)s AND %(last)s AND subscription.id BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 (made of the statements above)
FAIL_ALL = """
INSERT INTO plans_subscribermoverow (move_id, subscription_id, outcome, why)
SELECT %(move)s, wanted.id, 'failed', %(why)s FROM unnest(%(subscriptions)s::bigint[]) AS wanted (id)
"""
KEEP_ALL = """
UPDATE plans_subscribermoverow SET outcome = 'kept', why = %(why)s
WHERE move_id = %(move)s AND subscription_id = ANY(%(subscriptions)s::bigint[])
"""
