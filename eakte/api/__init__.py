"""The HTTP API: one module a noun, routes and shapes together."""
