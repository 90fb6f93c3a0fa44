"""The revisions of the schema `sla`, oldest first (ADR 0026)."""
