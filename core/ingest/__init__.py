"""File bytes in, a clean feedback table out."""
