-- The landing table: every record taken from the log is exactly one row here, with one outcome.
-- Everything else is a view of it. Rows of one block stand in offset order, so inserts need no sorting,
-- and received_at, which grows with the offset, prunes by its min-max index. A part has a file for each column only
-- from a quarter of a GiB on: as one file it costs an insert half.
CREATE TABLE IF NOT EXISTS records {{ON_CLUSTER}}
(
    -- where it stood in the log
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64 CODEC(Delta, ZSTD(1)),

    -- what became of it
    outcome LowCardinality(String) COMMENT 'REPORT, DUPLICATE, CONFLICT or DEAD_LETTER',
    reason LowCardinality(String) COMMENT 'of a dead letter: why',
    stage LowCardinality(String) COMMENT 'of a dead letter: the step that gave it up',
    conflict_fields Array(LowCardinality(String)) COMMENT 'of a conflict: the fields that differ from the report that landed first',
    original String COMMENT 'of a dead letter: the bytes of the log, of a replay those at first, base64' CODEC(ZSTD(1)),

    -- identity
    environment LowCardinality(String) COMMENT 'PRODUCTION or TEST; UNKNOWN for dead letters that could not be read, and for repeated replays',
    provider_id LowCardinality(String),
    report_id String,
    revision UInt32,
    kind LowCardinality(String),
    authority_report_id UUID,
    record_key UUID COMMENT 'keyed hash of environment, provider, report id and revision',
    payload_digest FixedString(16) COMMENT 'hex',
    field_digests String COMMENT 'per field: number and 4 bytes of keyed hash, hex',
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC') COMMENT 'when the consumer sent it to the store' CODEC(Delta, ZSTD(1)),
    stream_sequence UInt64,
    correlation_id String,

    -- times, each with its precision: MS, SECOND, MINUTE, DAY; empty where the time is not given
    content_created_at Nullable(DateTime64(3, 'UTC')),
    content_created_precision LowCardinality(String),
    incident_at Nullable(DateTime64(3, 'UTC')),
    incident_precision LowCardinality(String),
    detected_at Nullable(DateTime64(3, 'UTC')),
    detected_precision LowCardinality(String),
    decided_at Nullable(DateTime64(3, 'UTC')),
    decided_precision LowCardinality(String),
    reported_at Nullable(DateTime64(3, 'UTC')),
    reported_precision LowCardinality(String),

    -- classification
    category LowCardinality(String),
    additional_categories Array(LowCardinality(String)),
    annotations Array(String),
    urgency LowCardinality(String),
    channel LowCardinality(String),
    service_name LowCardinality(String),
    territorial_scope Array(LowCardinality(String)),
    content_language LowCardinality(String),
    source LowCardinality(String),
    detection_method LowCardinality(String),
    confidence Nullable(Float64),
    automated_detection LowCardinality(String) COMMENT 'YES, NO or empty',
    automated_decision LowCardinality(String),
    decision_visibility Array(LowCardinality(String)) COMMENT 'what the provider did about it being seen',
    incident_count UInt32 COMMENT 'how many incidents the report stands for',

    -- where: arrays of equal length, one entry per location
    location_keys Array(UUID),
    location_hosts Array(String),
    location_domains Array(String) COMMENT 'registrable domain, by the ICANN section of the public suffix list',
    location_is_vn_domain Array(Bool),
    location_service_names Array(LowCardinality(String)),
    location_ips Array(String),
    location_countries Array(LowCardinality(String)),
    location_asns Array(UInt32),
    is_vn Bool COMMENT 'at least one location is under .vn',

    -- what: arrays of equal length, one entry per fingerprint
    fingerprint_algorithms Array(LowCardinality(String)),
    fingerprint_values Array(String),

    details String COMMENT 'the rest of the report in the open, JSON' CODEC(ZSTD(1)),

    -- sealed to the authority: arrays of equal length, one entry per sealed field
    sealed_fields Array(LowCardinality(String)),
    sealed_tokens Array(UUID),
    sealed_boxes Array(String) COMMENT 'base64' CODEC(ZSTD(1)),

    lookup_versions LowCardinality(String),

    replay_of String COMMENT 'of a replay: the dead letter it is a replay of, as epoch:partition:offset; empty for all others' CODEC(ZSTD(1)),

    INDEX received_at_range received_at TYPE minmax GRANULARITY 1,
    INDEX record_key_in record_key TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX replay_of_range replay_of TYPE minmax GRANULARITY 1
)
ENGINE = {{MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (environment, log_epoch, log_partition, log_offset)
SETTINGS {{DURABLE}}, min_bytes_for_wide_part = 268435456;
