"""What the integration, conformance and bench suites share: the runtime under test, bundles, leak checks, victims."""
