"""Speed, memory and results beside the packages that people would take instead. See README.md."""
