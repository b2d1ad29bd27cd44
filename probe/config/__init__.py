"""What the person has set: where things lie, config.toml, and the consent that was given."""
