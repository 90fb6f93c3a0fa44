"""The tables of sla and the set-based statements on them."""
