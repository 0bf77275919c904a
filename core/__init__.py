"""Everything of Roadlens that works without a screen."""
