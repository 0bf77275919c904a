"""The verbs of the product: join the pure stages to the store."""
