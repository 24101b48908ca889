"""xuanfa-bot: plans, publishes once, reads back and counts the posts of a new-media matrix."""

__version__ = "0.1.0"
