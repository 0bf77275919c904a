"""Insights in, files out."""
