"""The revisions of the schema `intake`, oldest first (ADR 0026)."""
