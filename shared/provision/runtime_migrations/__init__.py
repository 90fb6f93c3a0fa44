"""What the revisions of every service's schema do to the runtime's tables in it (`shared.bus.tables`).

These tables are in each schema, so each service has a revision of its own that calls one of these; they are never changed.
"""
