"""What becomes of many models: audited into tables, shown, compared."""
