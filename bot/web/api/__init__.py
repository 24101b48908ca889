"""/api/v1: what the pages do, for other programs. docs/api.md tells about it."""
