"""Rule files -> packs, strictly."""
