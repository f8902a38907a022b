"""Rule packs in words: what `explain` and the commands of `rules` print."""
