"""The revisions of the schema that all services share, oldest first (ADR 0026)."""
