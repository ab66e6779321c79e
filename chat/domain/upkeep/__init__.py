"""What goes by itself, and how much is kept."""
