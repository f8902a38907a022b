"""The public document, versioned, apart from the types used inside."""
