"""For every check of a pack that no case exercises: one model on either side of its border."""
