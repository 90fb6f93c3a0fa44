"""Which rule of the handbook lives where, and which tests prove it: `docs/handbook-coverage.md`."""
