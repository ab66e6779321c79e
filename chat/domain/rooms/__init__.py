"""Rooms: which there are, who belongs to them, and coming in."""
