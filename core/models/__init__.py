"""Encoders and classifiers: loading them and asking them."""
