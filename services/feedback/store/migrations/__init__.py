"""The revisions of the schema `feedback`, oldest first (ADR 0026)."""
