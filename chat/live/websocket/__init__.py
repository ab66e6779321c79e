"""The chat's own transport for WebSockets under gunicorn: small at rest, fast, and strict with its clients."""
