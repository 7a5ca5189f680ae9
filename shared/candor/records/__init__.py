"""Events as stored in Kafka: partitions, record batches and outbox rows. Imported by both the store and messaging."""
