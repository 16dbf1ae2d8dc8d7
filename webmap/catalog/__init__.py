"""What the atlas holds: layer definitions and styles, read from `layers/`. Pure, no database."""
