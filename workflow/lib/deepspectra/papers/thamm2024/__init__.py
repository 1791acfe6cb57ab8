"""Thamm, Staats and Rosenow (2024): weight matrices."""
