"""The numbers behind the figures of Fan and Wang (2020)."""
