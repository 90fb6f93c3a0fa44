"""The quality of what agents write: what they must not say is found, and a share of their work is scored (R-FB-06)."""
