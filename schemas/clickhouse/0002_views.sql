-- Totals of every outcome by hour, and of received reports by what analysts ask. Unit: records of the log
-- (records), incidents they stand for (incidents).
CREATE TABLE IF NOT EXISTS record_totals {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    hour DateTime('UTC'),
    outcome LowCardinality(String),
    kind LowCardinality(String),
    first_revision Bool COMMENT 'revision 0: what figures of received reports count',
    category LowCardinality(String),
    provider_id LowCardinality(String),
    detection_method LowCardinality(String),
    is_vn Bool,
    records UInt64,
    incidents UInt64
)
ENGINE = {{SummingMergeTree}}
ORDER BY (environment, hour, outcome, kind, first_revision, category, provider_id, detection_method, is_vn)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS record_totals_of_records {{ON_CLUSTER}} TO record_totals AS
SELECT
    environment,
    toStartOfHour(received_at) AS hour,
    outcome,
    kind,
    revision = 0 AS first_revision,
    category,
    provider_id,
    detection_method,
    is_vn,
    count() AS records,
    sum(incident_count) AS incidents
FROM records
GROUP BY environment, hour, outcome, kind, first_revision, category, provider_id, detection_method, is_vn;

-- Received reports by the host they name. Unit: reports; one that names a host twice counts once for it.
CREATE TABLE IF NOT EXISTS host_totals {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    day Date,
    registrable_domain String,
    host String,
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    reports UInt64
)
ENGINE = {{SummingMergeTree}}
ORDER BY (environment, day, registrable_domain, host, is_vn_domain, country, asn)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS host_totals_of_records {{ON_CLUSTER}} TO host_totals AS
SELECT
    environment,
    toDate(received_at, 'Asia/Ho_Chi_Minh') AS day,
    place.1 AS registrable_domain,
    place.2 AS host,
    place.3 AS is_vn_domain,
    place.4 AS country,
    place.5 AS asn,
    count() AS reports
FROM records
ARRAY JOIN arrayDistinct(arrayZip(location_domains, location_hosts, location_is_vn_domain, location_countries, location_asns)) AS place
WHERE outcome = 'REPORT' AND revision = 0 AND place.2 != ''
GROUP BY environment, day, registrable_domain, host, is_vn_domain, country, asn;

-- What became of the records of a report, by what its provider knows it by, and where they stand: the order of `records`
-- is that of the log, and every question would have to look through all of it.
CREATE TABLE IF NOT EXISTS report_outcomes {{ON_CLUSTER}}
(
    authority_report_id UUID,
    environment LowCardinality(String),
    revision UInt32,
    outcome LowCardinality(String),
    reason LowCardinality(String),
    conflict_fields Array(LowCardinality(String)),
    received_at DateTime64(3, 'UTC'),
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64
)
ENGINE = {{MergeTree}}
ORDER BY authority_report_id
SETTINGS {{DURABLE}}, index_granularity = 1024, min_bytes_for_wide_part = 268435456;

CREATE MATERIALIZED VIEW IF NOT EXISTS report_outcomes_of_records {{ON_CLUSTER}} TO report_outcomes AS
SELECT
    authority_report_id, environment, revision, outcome, reason, conflict_fields, received_at, log_epoch, log_partition,
    log_offset
FROM records
WHERE authority_report_id != toUUID('00000000-0000-0000-0000-000000000000');
