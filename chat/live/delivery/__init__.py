"""Delivery: what the bus brings, to the connections of this worker."""
