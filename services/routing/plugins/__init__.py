"""The classifiers and assigners that ship with routing."""
