"""`yingda demo`: a day of contacts on a fast clock, with staff acting through the commands, and what came of them."""

from shared.cli.demo.command import register

__all__ = ["register"]
