"""How well contacts are understood, measured on labelled samples."""
