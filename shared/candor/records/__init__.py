"""Events as Kafka keeps them: partitions, record batches, outbox rows. Below both the store and messaging."""
