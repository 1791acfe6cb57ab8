"""Tests of the library, the workflow, Slurm and the page; they share the root of the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
