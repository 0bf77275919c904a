"""Feedback and predictions in, estimates with evidence out."""
