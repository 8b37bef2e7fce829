"""The three administrators exclude each other by person, in the database itself (R7): whatever program writes a post.

An administrator's post allows no other kind of post on any common day, concurrent, acting or otherwise, and no grant:
those who can give rights see no data, and nobody watches themselves. Run by the first migration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Refused

FUNCTIONS = """
CREATE FUNCTION identity_check_administrator(who bigint, start date, stop date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET tongban.system = 'on' AS $$
DECLARE kinds text[];
BEGIN
    -- One at a time for each person: two half-made posts would not see each other.
    PERFORM 1 FROM identity_person WHERE id = who FOR UPDATE;
    SELECT array_agg(DISTINCT coalesce(r.administers, '')) INTO kinds
    FROM identity_post p CROSS JOIN unnest(p.roles) AS held(key)
        LEFT JOIN identity_role r ON r.key = held.key
    WHERE p.person_id = who AND daterange(p.valid_from, p.until) && daterange(start, stop);
    IF array_length(kinds, 1) > 1 AND kinds <> ARRAY[''] THEN
        RAISE EXCEPTION 'an administrator holds posts of one kind only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'identity_one_administrator';
    END IF;
    IF kinds <> ARRAY[''] AND EXISTS (
        SELECT 1 FROM identity_grant g WHERE g.person_id = who
        AND daterange(g.valid_from::date, g.until::date + (g.until > now())::int) && daterange(start, stop)
    ) THEN
        RAISE EXCEPTION 'an administrator holds no grants'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'identity_one_administrator';
    END IF;
END $$;

CREATE FUNCTION identity_post_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM identity_check_administrator(NEW.person_id, NEW.valid_from, NEW.until);
    RETURN NULL;
END $$;
CREATE TRIGGER identity_one_administrator AFTER INSERT OR UPDATE ON identity_post
FOR EACH ROW EXECUTE FUNCTION identity_post_administrator();

CREATE FUNCTION identity_grant_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.until > now() THEN
        PERFORM identity_check_administrator(NEW.person_id, NEW.valid_from::date, NEW.until::date + 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER identity_one_administrator AFTER INSERT OR UPDATE ON identity_grant
FOR EACH ROW EXECUTE FUNCTION identity_grant_administrator();

-- Changing what a role administers changes it for all who hold it.
CREATE FUNCTION identity_role_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM identity_check_administrator(p.person_id, p.valid_from, p.until)
    FROM identity_post p WHERE NEW.key = ANY (p.roles);
    RETURN NULL;
END $$;
CREATE TRIGGER identity_one_administrator AFTER INSERT OR UPDATE OF administers ON identity_role
FOR EACH ROW EXECUTE FUNCTION identity_role_administrator();
"""
UNDO = """
DROP TRIGGER identity_one_administrator ON identity_role;
DROP TRIGGER identity_one_administrator ON identity_grant;
DROP TRIGGER identity_one_administrator ON identity_post;
DROP FUNCTION identity_role_administrator();
DROP FUNCTION identity_grant_administrator();
DROP FUNCTION identity_post_administrator();
DROP FUNCTION identity_check_administrator(bigint, date, date);
"""


@contextmanager
def one_administrator() -> Iterator[None]:
    """Says in words what the database refused."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "administrator holds" not in str(error):
            raise
        raise Refused(
            _("The three administrators are three people, and hold no other post or grant beside it."),
            code="administrator",
        ) from None
