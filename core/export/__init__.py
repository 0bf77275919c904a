"""A trained model out of Roadlens: other formats, checked against the original."""
