"""What docs/scaling.md stands on: measured on this machine, printed as JSON."""
