"""Labelled feedback in, a checkpoint out."""
