"""What the Dockerfile and the Pods say, read for tests."""
