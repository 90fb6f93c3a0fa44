"""The tables of feedback as they were when migrations began."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

from shared.provision.runtime_migrations.r0001_baseline import create_runtime_tables

revision = "0001"
down_revision = None
mark = "ff42b9a4d1ddf47c"
"""By this the schema was known before."""

PLAIN_INDEXES = (
    ("callbacks_of_work_order", "callbacks", ["work_order_id"]),
    ("cases_by_number", "cases", ["number"]),
    ("cases_by_opening", "cases", ["opened_at"]),
    ("cases_of_customer", "cases", ["customer_id", "opened_at"]),
    ("customers_of_person", "customers", ["customer_id", "occurred_at"]),
    ("knowledge_cases_of_entry", "knowledge_cases", ["entry_id", "at"]),
    ("knowledge_entries_by_state", "knowledge_entries", ["state", "length"]),
    ("knowledge_likeness_of_entry", "knowledge_likeness", ["entry_id"]),
    ("knowledge_terms_of_entry", "knowledge_terms", ["entry_id"]),
    ("quality_days_by_day", "quality_days", ["day"]),
    ("quality_findings_by_time", "quality_findings", ["at"]),
    ("quality_findings_of_agent", "quality_findings", ["agent_id", "at"]),
    ("quality_texts_of_review", "quality_texts", ["review_id", "at"]),
    ("report_answers_by_time", "report_answers", ["at"]),
    ("report_answers_of_work_order", "report_answers", ["work_order_id", "at"]),
    ("report_clocks_by_time", "report_clocks", ["at"]),
    ("report_clocks_of_subject", "report_clocks", ["subject_id"]),
    ("report_contacts_by_time", "report_contacts", ["at"]),
    ("report_reopenings_by_time", "report_reopenings", ["at"]),
)
PARTIAL_INDEXES = (
    ("customers_by_member_no", "customers", "member_no", "member_no IS NOT NULL"),
    ("customers_by_order_no", "customers", "order_no", "order_no IS NOT NULL"),
    ("customers_by_phone", "customers", "phone_key", "phone_key IS NOT NULL"),
    ("quality_reviews_open", "quality_reviews", "began_at", "state = 'open'"),
    ("quality_reviews_scored", "quality_reviews", "scored_at", "state = 'scored'"),
    ("cases_by_end", "cases", "ended_at", "ended_at IS NOT NULL"),
    ("cases_draft_waiting", "cases", "contact_id", "draft_waiting"),
    ("surveys_open", "surveys", "work_order_id", "state = 'open'"),
)


def upgrade(op: Operations) -> None:
    create_runtime_tables(op, "feedback")
    op.create_table(
        "attempts",
        sa.Column("callback_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("half_day", sa.Text()),
        sa.PrimaryKeyConstraint("callback_id", "number"),
        schema="feedback",
    )
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("solved", sa.Boolean()),
        sa.Column("score", sa.Integer()),
        sa.Column("satisfaction", sa.Text(), nullable=False),
        sa.Column("speed_satisfied", sa.Boolean()),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("completed_by", sa.Text()),
        schema="feedback",
    )
    op.create_index(
        "callbacks_open",
        "callbacks",
        [sa.literal_column("coalesce(next_at, due_at)"), "id"],
        schema="feedback",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "cases",
        sa.Column("work_order_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("draft_waiting", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("solved", sa.Boolean()),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("cutoff_at", sa.DateTime(timezone=True)),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        schema="feedback",
    )
    op.create_index(
        "cases_by_tag",
        "cases",
        ["tags"],
        schema="feedback",
        postgresql_using="gin",
        postgresql_where=sa.text("tags <> '[]'::jsonb"),
    )
    op.create_table(
        "customers",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("honorific", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("company", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("member_no", sa.Text()),
        sa.Column("order_no", sa.Text()),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True)),
        sa.Column("emotion", sa.Text()),
        sa.Column("agent_id", sa.Text()),
        sa.Column("customer_type", sa.Text()),
        sa.Column("tier", sa.Text()),
        sa.Column("preferred_channel", sa.Text()),
        sa.Column("plain_language", sa.Boolean(), nullable=False),
        sa.Column("phone_key", sa.Text()),
        schema="feedback",
    )
    op.create_index(
        "customers_by_company",
        "customers",
        ["company"],
        schema="feedback",
        postgresql_ops={"company": "text_pattern_ops"},
        postgresql_where=sa.text("company IS NOT NULL"),
    )
    op.create_index(
        "customers_by_name",
        "customers",
        ["name"],
        schema="feedback",
        postgresql_ops={"name": "text_pattern_ops"},
        postgresql_where=sa.text("name IS NOT NULL"),
    )
    op.create_table(
        "knowledge_cases",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "knowledge_entries",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("work_order_ids", postgresql.JSONB(), nullable=False),
        sa.Column("key_phrases", postgresql.JSONB(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("similar_to", sa.Text()),
        sa.Column("useful", sa.Integer(), nullable=False),
        sa.Column("useless", sa.Integer(), nullable=False),
        sa.Column("length", sa.REAL(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "knowledge_likeness",
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("term", "entry_id"),
        schema="feedback",
    )
    op.create_table(
        "knowledge_ratings",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "by", "work_order_id"),
        schema="feedback",
    )
    op.create_table(
        "knowledge_revisions",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("key_phrases", postgresql.JSONB(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "revision"),
        schema="feedback",
    )
    op.create_table(
        "knowledge_terms",
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("weight", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("term", "entry_id"),
        schema="feedback",
    )
    op.create_table(
        "quality_days",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("forbidden", sa.Integer(), nullable=False),
        sa.Column("evasions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "department", "day"),
        schema="feedback",
    )
    op.create_table(
        "quality_findings",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "quality_reviews",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("expression", sa.Integer()),
        sa.Column("problem_solving", sa.Integer()),
        sa.Column("attitude", sa.Integer()),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text()),
        sa.Column("scored_at", sa.DateTime(timezone=True)),
        schema="feedback",
    )
    op.create_table(
        "quality_texts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("review_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "report_answers",
        sa.Column("callback_id", sa.Text(), primary_key=True),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("solved", sa.Boolean()),
        sa.Column("score", sa.Integer()),
        sa.Column("satisfaction", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "report_clocks",
        sa.Column("clock_id", sa.Text(), primary_key=True),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "report_contacts",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missed", sa.Boolean()),
        sa.Column("exceeded", postgresql.JSONB(), nullable=False),
        schema="feedback",
    )
    op.create_table(
        "report_deeds",
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "version"),
        schema="feedback",
    )
    op.create_table(
        "report_reopenings",
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "cycle"),
        schema="feedback",
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("totals", postgresql.JSONB(), nullable=False),
        schema="feedback",
    )
    op.create_index("reports_by_period", "reports", ["report", "period_start"], unique=True, schema="feedback")
    op.create_table(
        "surveys",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("callback_id", sa.Text(), nullable=False),
        sa.Column("work_order_id", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        schema="feedback",
    )
    op.create_table(
        "waiting_callers",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("work_order_id", sa.Text()),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("agent_id", sa.Text()),
        schema="feedback",
    )
    for name, table, columns in PLAIN_INDEXES:
        op.create_index(name, table, columns, schema="feedback")
    for name, table, column, where in PARTIAL_INDEXES:
        op.create_index(name, table, [column], schema="feedback", postgresql_where=sa.text(where))
