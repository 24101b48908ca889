"""Charts drawn on the server: SVG without script or inline style, each with its table."""
