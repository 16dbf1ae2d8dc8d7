"""Pure geometry: boxes and coordinate systems. Knows neither the database nor the web."""
