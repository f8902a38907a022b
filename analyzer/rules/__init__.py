"""Rule files -> rule packs; rule pack x operator -> verdict."""
