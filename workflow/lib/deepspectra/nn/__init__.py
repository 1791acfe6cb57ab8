"""Networks and what belongs to them. Nothing here knows a data set or a paper's settings."""
