"""Kafka: consumers, the outbox relay, topics and signs of life."""
