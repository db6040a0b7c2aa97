-- One attribute without all the others.
--
-- A question about `SpanAttributes['tenant']` read the attributes of every span whole. Merged parts keep the keys of
-- a map in buckets, about one for two keys, and such a question reads one of them: a third of the CPU for spans of
-- twenty attributes, and less on disk. Inserts write maps as before.

ALTER TABLE {local:spans} {on_cluster} MODIFY SETTING
    map_serialization_version = 'with_buckets',
    map_serialization_version_for_zero_level_parts = 'basic',
    map_buckets_strategy = 'linear',
    map_buckets_coefficient = 0.5,
    map_buckets_min_avg_size = 0;
