"""The schema as it was when migrations began.

It is made without a mark to know it by, so each statement lets be what is there.
"""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None

ONLY_ADDED = """CREATE OR REPLACE FUNCTION suite.only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$"""

ONLY_ADDED_TO_ACTS = """CREATE OR REPLACE TRIGGER only_added
BEFORE UPDATE OR DELETE OR TRUNCATE ON suite.dead_letter_acts
FOR EACH STATEMENT EXECUTE FUNCTION suite.only_added()"""

LEFT_UNSENT = """CREATE OR REPLACE FUNCTION suite.left_unsent(own text, after float8, until float8) RETURNS float8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    present timestamptz := clock_timestamp();
    service text;
    found timestamptz;
    oldest timestamptz;
BEGIN
    FOR service IN
        SELECT schemaname FROM pg_tables WHERE tablename = 'dead_letters' AND schemaname <> own
    LOOP
        EXECUTE format(
            'SELECT min(created_at) FROM %I.outbox WHERE sent_at IS NULL AND created_at < $1 AND created_at > $2', service
        ) INTO found USING present - make_interval(secs => after), present - make_interval(secs => until);
        oldest := least(oldest, found);
    END LOOP;
    RETURN extract(epoch FROM present - oldest);
END $$"""


def upgrade(op: Operations) -> None:
    """Make the clock of rehearsals, the history of dead letters, and the question for what was left unsent."""
    op.create_table(
        "clock",
        sa.Column("spec", sa.Text(), primary_key=True),
        sa.Column("anchor", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        schema="suite",
        if_not_exists=True,
    )
    op.create_table(
        "dead_letter_acts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("letter", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text()),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("selection", sa.Text()),
        schema="suite",
        if_not_exists=True,
    )
    acts = "dead_letter_acts"
    op.create_index("dead_letter_acts_of_letter", acts, ["service", "letter"], schema="suite", if_not_exists=True)
    op.create_index("dead_letter_acts_at", acts, ["at"], schema="suite", if_not_exists=True)
    op.execute(ONLY_ADDED)
    op.execute(ONLY_ADDED_TO_ACTS)
    op.execute(LEFT_UNSENT)
