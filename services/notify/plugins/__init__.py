"""The built-in transports, registered like a stranger's: `file` and `smtp`."""
