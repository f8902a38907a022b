"""What a log says, and how it compares with the prediction, as text."""
