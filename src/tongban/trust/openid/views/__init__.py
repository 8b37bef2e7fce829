"""Pages and addresses of the provider."""
