"""Brings letters to people: robots of three chat programs, e-mail, and what apprise knows."""
