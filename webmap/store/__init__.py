"""The only storey that talks to PostgreSQL."""
