"""The report: captions, claims with their verdicts, and one page that shows all results of a scale."""
