"""The pure rules of routing: one file per concept."""
