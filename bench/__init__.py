"""Speed, measured: ratios within one run, never absolute times."""
