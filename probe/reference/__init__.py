"""What the judge may know: catalogue, fingerprints, geo data, trust roots, pacing; read once."""
