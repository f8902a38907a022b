"""What models are fed with: random arrays, or the user's own."""
