"""Held-out probabilities in, figures and findings out; knows no model."""
