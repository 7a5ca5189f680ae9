"""The image without Docker: the Dockerfile's steps in a root of Debian, and its processes in their Pods' limits."""
