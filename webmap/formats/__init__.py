"""Turning rows into the bytes a person or a partner asked for."""
