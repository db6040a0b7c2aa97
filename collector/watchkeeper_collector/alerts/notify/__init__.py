"""Who is told of alerts, how and when: routing, grouping, receivers, the ledger of deliveries."""
