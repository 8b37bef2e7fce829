"""The statements of the room, written by hand: a step is one reading and one writing statement (G2)."""

from __future__ import annotations

INSTANCE = """i.id, i.subject_kind, i.subject_id, i.status, i.state, i.variables, i.version,
d.id, d.key, d.hash, d.calls"""

TASK = """t.id, t.element, t.name, t.kind, t.office, t.amount, t.unit, t.form, t.status, t.opened_at,
t.closed_at, t.version, t.loop_index, t.attributes, t.data"""

FROM = " FROM process_instance i JOIN process_definition d ON d.id = i.definition_id "

INSERT = """INSERT INTO process_instance (id, definition_id, subject_kind, subject_id, status, state,
variables, version, started_at, ended_at)
VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, 1, %s, %s) RETURNING id"""

UPDATE = """UPDATE process_instance SET definition_id = %s, status = %s, state = %s::jsonb,
variables = %s::jsonb, version = version + 1, ended_at = %s WHERE id = %s AND version = %s RETURNING id"""

CLOSE = """UPDATE process_task SET status = CASE WHEN id = %s THEN 'done' ELSE 'cancelled' END,
closed_at = %s, closed_by = CASE WHEN id = %s THEN %s ELSE '' END, version = version + 1
WHERE id = ANY(%s) AND status = 'open' AND (id <> %s OR version = COALESCE(%s, version)) RETURNING id"""

OPEN = """INSERT INTO process_task (id, instance_id, token, element, name, kind, office, amount, unit, form,
attributes, data, loop_index, status, version, opened_at, closed_by)
SELECT id, %s, token, element, name, kind, office, amount, unit, form, attributes, data, loop_index,
'open', 1, %s, '' FROM jsonb_to_recordset(%s::jsonb) AS r (id text, token int, element text, name text,
kind text, office text, amount int, unit text, form text, attributes jsonb, data jsonb, loop_index int)
RETURNING id"""

GONE = """DELETE FROM process_timer WHERE instance_id = %s AND (token, element) IN
(SELECT * FROM unnest(%s::int[], %s::text[])) RETURNING id"""

ARM = """INSERT INTO process_timer (instance_id, token, element, due_at, repeats)
SELECT %s, token, element, due, 0 FROM unnest(%s::int[], %s::text[], %s::timestamptz[])
AS r (token, element, due) RETURNING id"""

ARM_START = """INSERT INTO process_timer (definition_id, token, element, due_at, repeats)
VALUES (%s, 0, %s, %s, %s)"""

AWAITING = """WHERE i.subject_id = %s AND i.subject_kind = %s AND i.ended_at IS NULL
ORDER BY i.started_at, i.id FOR UPDATE OF i"""

NEXT_TIMER = """JOIN process_timer t ON t.instance_id = i.id WHERE t.due_at <= %s AND t.id <> ALL(%s)
ORDER BY t.due_at, t.id LIMIT 1 FOR UPDATE OF i SKIP LOCKED"""

NEXT_START = """SELECT t.id, t.element, t.due_at, t.repeats, d.key, d.hash, d.id FROM process_timer t
JOIN process_definition d ON d.id = t.definition_id WHERE t.instance_id IS NULL AND t.due_at <= %s
AND t.id <> ALL(%s) ORDER BY t.due_at, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED"""
