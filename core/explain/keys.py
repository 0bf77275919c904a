"""What the methods are called in addresses, the store and the command line; see core.explain.methods."""

OCCLUSION, INTEGRATED, SHAPLEY = "occlusion", "integrated-gradients", "shapley"
RELEVANCE, ROLLOUT, ATTENTION = "gradient-x-attention", "rollout", "attention"
