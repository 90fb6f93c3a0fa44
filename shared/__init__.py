"""What every service stands on: events, policy, bus, database, clock, metrics, command line. Never imports `services`."""
