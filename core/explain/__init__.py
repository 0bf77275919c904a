"""A checkpoint and a text in, attributions out."""
