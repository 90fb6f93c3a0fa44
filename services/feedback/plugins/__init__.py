"""The built-in sources of scripts."""
