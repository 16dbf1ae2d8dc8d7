"""`/ogc`: the layers as OGC API - Features, for GIS and programs, with the same pages for people."""
