"""What helps those who write rules: files kept in shape, cases beside rules, a schema for editors."""
