"""What happens at an event and what happens at a moment: load, decide, save."""
