"""The whole of Candor under seeded faults: what is sent, what strikes it, and what must be true of it afterwards."""
