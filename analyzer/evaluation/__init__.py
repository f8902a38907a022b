"""Models side by side on a labelled data set."""
