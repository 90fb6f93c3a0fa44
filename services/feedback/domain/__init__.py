"""The pure rules of feedback."""
