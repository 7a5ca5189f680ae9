"""The engine in the live service: state into features, published models, who follows them."""
