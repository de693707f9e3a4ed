"""A report shows results and computes nothing."""
