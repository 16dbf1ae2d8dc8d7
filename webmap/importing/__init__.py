"""Bringing facts and official files into the database, all or nothing."""
