"""The rewrites, a function each; to add one, write it in a module here and declare it with `@rewrite`.

A rewrite is tried at every operator whose name it is declared for. It gets a `Site`, the operator in its
graph as the interpreter prepared it, and gives the `Patch` that it would make there, or None (or raises
`Unfit`, as the questions of `Site` do) where its pattern isn't there or its condition doesn't hold. It says
nothing of delegates: whether a patch is applied, audits decide. What it has to hold to:

- Outputs of the graph stay the same tensors, of the same shape and type; what is replaced writes them again.
- Sizes that an app may choose stay open: `graph.open_axes`, and `Site.reshape`, which leaves one open.
- Values that hang on such a size are no constants: `Site.values` gives those alone that don't.
- New operators stand in the place of one of those that they replace, after all that they read.
- `promise` is `EQUAL` where every output stays the same to the bit, else the signal to noise that is left;
  whatever it is, the model is run before and after, and a rewrite that isn't borne out is dropped.
"""
