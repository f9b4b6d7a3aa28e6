"""The analyzer that needs no model, no key and no network: rules that take linear time."""
