-- Which providers may report, and for which world. The token itself is never stored.
CREATE TABLE IF NOT EXISTS providers {{ON_CLUSTER}}
(
    credential_hash String COMMENT 'SHA-256 of the token, hex',
    provider_id LowCardinality(String),
    name String,
    environment LowCardinality(String),
    created_at DateTime64(3, 'UTC'),
    revoked_at Nullable(DateTime64(3, 'UTC')),
    version UInt64
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY credential_hash
SETTINGS {{DURABLE}};

-- Data keys of the gateways, wrapped to the authority's public key.
CREATE TABLE IF NOT EXISTS data_keys {{ON_CLUSTER}}
(
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64,
    key_id String COMMENT 'hex',
    wrapped_key String COMMENT 'RSA-OAEP-256, base64',
    public_key_fingerprint String COMMENT 'SHA-256 of the public key, hex',
    created_at DateTime64(3, 'UTC'),
    problem LowCardinality(String) COMMENT 'why the record could not be read; empty when it could'
)
ENGINE = {{MergeTree}}
ORDER BY (log_epoch, log_partition, log_offset)
SETTINGS {{DURABLE}};

-- The shape of each topic when it was first read, so that a changed or replaced log is noticed.
CREATE TABLE IF NOT EXISTS log_epochs {{ON_CLUSTER}}
(
    topic LowCardinality(String),
    log_epoch UInt32,
    partitions UInt32,
    first_offsets Array(UInt64),
    created_at DateTime64(3, 'UTC')
)
ENGINE = {{MergeTree}}
ORDER BY (topic, log_epoch)
SETTINGS {{DURABLE}};

-- When each landed batch became visible to queries.
CREATE TABLE IF NOT EXISTS landings {{ON_CLUSTER}}
(
    log_epoch UInt32,
    log_partition UInt32,
    from_offset UInt64,
    to_offset UInt64,
    visible_at DateTime64(3, 'UTC')
)
ENGINE = {{MergeTree}}
ORDER BY (log_epoch, log_partition, to_offset)
SETTINGS {{DURABLE}};

-- Floods of dead letters that an operator has let land: up to and with to_offset none of them counts as one.
CREATE TABLE IF NOT EXISTS accepted_dead_letters {{ON_CLUSTER}}
(
    topic LowCardinality(String) COMMENT 'reports or takedowns',
    log_epoch UInt32,
    log_partition UInt32,
    to_offset UInt64,
    accepted_at DateTime64(3, 'UTC')
)
ENGINE = {{MergeTree}}
ORDER BY (topic, log_epoch, log_partition, to_offset)
SETTINGS {{DURABLE}};
