"""The built-in actions of an escalation, registered through the same door as a stranger's."""
