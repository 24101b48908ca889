"""A month of the calendar, rehearsed: what would be late, refused, over quota, uncovered."""
