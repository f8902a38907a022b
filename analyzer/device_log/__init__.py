"""What a device's log says of delegates: known lines in words, held against what an audit predicts."""
