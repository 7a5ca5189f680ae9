"""What holds for every service alike, each as it really is put together."""
