"""The revisions of the schema `routing`, oldest first (ADR 0026)."""
