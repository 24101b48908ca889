"""Plain task queues that make the same HTTP call, one job a post, and keep no ledger."""
