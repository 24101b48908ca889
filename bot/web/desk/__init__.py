"""The web desk: the pages for people who log in."""
