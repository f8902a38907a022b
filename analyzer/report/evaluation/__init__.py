"""An evaluation in every format."""
