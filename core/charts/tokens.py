"""Figures of one text: attention between tokens, heads at a glance."""
