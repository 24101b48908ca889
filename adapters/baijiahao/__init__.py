"""百家号: by hand, or through its interface for accounts that opened the developer service."""
