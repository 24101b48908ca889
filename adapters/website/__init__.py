"""Institutions' own websites: by hand, read through their feeds, or published on WordPress."""
