"""What people say, and the log that keeps it."""
