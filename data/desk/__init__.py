"""What the lists of the console need beside the services: queries, and small services of the desk."""
