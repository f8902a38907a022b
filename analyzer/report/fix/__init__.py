"""What `fix` did to a model, in words and as JSON."""
