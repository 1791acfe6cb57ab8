"""The report: captions, claims with their verdicts, and pages that show all results of a scale."""
