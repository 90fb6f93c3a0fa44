"""The revisions of the schema `notify`, oldest first (ADR 0026)."""
