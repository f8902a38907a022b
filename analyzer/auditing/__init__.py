"""Model x delegate -> audit: what each operator gets, the partitions, what becomes of the whole model."""
