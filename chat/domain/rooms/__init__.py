"""Rooms: which there are, who belongs to them, coming in and leaving."""
