-- The landing table of takedown: every record taken from the log is exactly one row here, with one outcome.
CREATE TABLE IF NOT EXISTS takedown_records {{ON_CLUSTER}}
(
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64 CODEC(Delta, ZSTD(1)),

    outcome LowCardinality(String) COMMENT 'EVENT, DUPLICATE, CONFLICT (same event id, other content) or DEAD_LETTER',
    reason LowCardinality(String) COMMENT 'of a dead letter: why',
    stage LowCardinality(String) COMMENT 'of a dead letter: the step that gave it up',
    original String COMMENT 'of a dead letter: the bytes of the log, base64' CODEC(ZSTD(1)),
    replay_of String COMMENT 'of a replay: the dead letter it is a replay of, as takedowns:epoch:partition:offset; empty for all others' CODEC(ZSTD(1)),
    landed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),

    environment LowCardinality(String) COMMENT 'PRODUCTION or TEST; UNKNOWN for dead letters',
    location_key UUID,
    event_key UUID COMMENT 'what deduplication goes by',
    event_id String COMMENT 'as the actor sent it; empty for events of our own',
    digest FixedString(16) COMMENT 'hex',
    type LowCardinality(String),
    actor_role LowCardinality(String),
    actor_id LowCardinality(String),
    occurred_at DateTime64(3, 'UTC'),
    occurred_precision LowCardinality(String),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    observed_at DateTime64(3, 'UTC') COMMENT 'of a history: when whoever kept it saw it; else received_at',
    is_history Bool,
    seen_version Nullable(UInt64),
    is_outdated Bool COMMENT 'the actor had seen an older version of the case',

    -- of REPORTED, SELF_ACTIONED and RETRACTED; category and urgency also as assessed or as noticed, else empty
    report_id String COMMENT 'the authority''s id, hex without dashes',
    report_provider_id LowCardinality(String),
    category LowCardinality(String),
    urgency LowCardinality(String),
    source LowCardinality(String),
    content_created_at Nullable(DateTime64(3, 'UTC')),
    content_created_precision LowCardinality(String),

    finding LowCardinality(String),
    addressee LowCardinality(String),
    legal_basis String CODEC(ZSTD(1)),
    closed_as LowCardinality(String),
    relation LowCardinality(String),
    from_location_key String COMMENT 'hex without dashes, or empty',
    to_location_key String COMMENT 'hex without dashes, or empty',
    case_stage LowCardinality(String),
    owner LowCardinality(String),
    previous_owner LowCardinality(String),
    cycle UInt32,
    rule LowCardinality(String),
    n UInt32,

    -- what the event says of its location; empty when it names only the key
    host String,
    registrable_domain String,
    is_vn_domain Bool,
    service_name LowCardinality(String),
    host_ip String,
    country LowCardinality(String),
    asn UInt32,

    sealed_fields Array(LowCardinality(String)),
    sealed_tokens Array(UUID),
    sealed_boxes Array(String) COMMENT 'base64' CODEC(ZSTD(1)),
    notice_box String COMMENT 'the location sealed to the addressee''s own key, base64' CODEC(ZSTD(1)),
    lookup_versions LowCardinality(String),

    INDEX event_key_in event_key TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX replay_of_range replay_of TYPE minmax GRANULARITY 1
)
ENGINE = {{MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (environment, log_epoch, log_partition, log_offset)
SETTINGS {{DURABLE}}, min_bytes_for_wide_part = 268435456;

-- The events of the topic of takedowns, case by case.
CREATE TABLE IF NOT EXISTS case_takedowns {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    location_key UUID,
    event_key UUID,
    event_id String,
    digest FixedString(16) COMMENT 'hex; tells a copy from another content',
    type LowCardinality(String),
    actor_role LowCardinality(String),
    actor_id LowCardinality(String),
    occurred_at DateTime64(3, 'UTC'),
    occurred_precision LowCardinality(String),
    observed_at DateTime64(3, 'UTC'),
    is_history Bool,
    is_outdated Bool,
    report_id String COMMENT 'the authority''s id, hex without dashes',
    report_provider_id LowCardinality(String),
    category LowCardinality(String),
    urgency LowCardinality(String),
    source LowCardinality(String),
    content_created_at Nullable(DateTime64(3, 'UTC')),
    content_created_precision LowCardinality(String),
    finding LowCardinality(String),
    addressee LowCardinality(String),
    legal_basis String,
    closed_as LowCardinality(String),
    relation LowCardinality(String),
    from_location_key String,
    to_location_key String,
    case_stage LowCardinality(String),
    owner LowCardinality(String),
    previous_owner LowCardinality(String),
    cycle UInt32,
    rule LowCardinality(String),
    n UInt32,
    host String,
    registrable_domain String,
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64
)
ENGINE = {{MergeTree}}
ORDER BY (environment, location_key, observed_at)
SETTINGS {{DURABLE}}, index_granularity = 1024;

CREATE MATERIALIZED VIEW IF NOT EXISTS case_takedowns_of_records {{ON_CLUSTER}} TO case_takedowns AS
SELECT
    environment, location_key, event_key, event_id, digest, type, actor_role, actor_id, occurred_at, occurred_precision,
    observed_at, is_history, is_outdated, report_id, report_provider_id, category, urgency, source, content_created_at,
    content_created_precision, finding, addressee, legal_basis, closed_as, relation, from_location_key, to_location_key,
    case_stage, owner, previous_owner, cycle, rule, n, host, registrable_domain, is_vn_domain, country, asn,
    log_epoch, log_partition, log_offset
FROM takedown_records
WHERE outcome = 'EVENT';

-- A report is an event of the case of each of its locations; one that names a location twice counts once for it. Every
-- landed report is written here a second time, so there is no column that nobody reads.
CREATE TABLE IF NOT EXISTS case_reports {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    location_key UUID,
    place_in_order UInt64 COMMENT 'what events of a case are ordered by: ms of receipt, 1 bit: self-actioned, 20 bits of record_key',
    record_key UUID,
    received_at DateTime64(3, 'UTC'),
    is_self_actioned Bool,
    is_initial Bool COMMENT 'no amendment',
    report_id UUID COMMENT 'the authority''s id',
    provider_report_id String COMMENT 'as the provider sent it',
    provider_id LowCardinality(String),
    category LowCardinality(String),
    urgency LowCardinality(String),
    source LowCardinality(String),
    content_created_at Nullable(DateTime64(3, 'UTC')),
    content_created_precision LowCardinality(String),
    host String,
    registrable_domain String,
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64
)
ENGINE = {{MergeTree}}
ORDER BY (environment, location_key)
SETTINGS {{DURABLE}}, index_granularity = 1024, min_bytes_for_wide_part = 268435456;

CREATE MATERIALIZED VIEW IF NOT EXISTS case_reports_of_records {{ON_CLUSTER}} TO case_reports AS
SELECT
    environment,
    location_key,
    bitOr(
        bitShiftLeft(toUInt64(toUnixTimestamp64Milli(received_at)), 21),
        bitOr(bitShiftLeft(toUInt64(is_self_actioned), 20), toUInt64(bitShiftRight(toUInt128(record_key), 108)))
    ) AS place_in_order,
    record_key,
    received_at,
    hasAny(decision_visibility, ['REMOVED', 'DISABLED']) AS is_self_actioned,
    kind = 'INITIAL' AS is_initial,
    authority_report_id AS report_id,
    records.report_id AS provider_report_id,
    provider_id,
    category,
    urgency,
    source,
    content_created_at,
    content_created_precision,
    host,
    registrable_domain,
    is_vn_domain,
    country,
    asn,
    log_epoch,
    log_partition,
    log_offset
FROM records
ARRAY JOIN
    location_keys AS location_key,
    location_hosts AS host,
    location_domains AS registrable_domain,
    location_is_vn_domain AS is_vn_domain,
    location_countries AS country,
    location_asns AS asn,
    arrayEnumerateUniq(location_keys) AS nth
WHERE outcome = 'REPORT' AND kind IN ('INITIAL', 'AMENDMENT') AND nth = 1;

-- All events of a case side by side, from both topics: what a case is folded from.
CREATE VIEW IF NOT EXISTS case_events {{ON_CLUSTER}} AS
SELECT
    environment, location_key, event_key, event_id, digest, type, actor_role, actor_id, occurred_at, occurred_precision,
    observed_at, is_history, is_outdated, report_id, '' AS provider_report_id, report_provider_id, category, urgency, source,
    content_created_at, content_created_precision, finding, addressee, legal_basis, closed_as, relation, from_location_key,
    to_location_key, case_stage, owner, previous_owner, cycle, rule, n, host, registrable_domain, is_vn_domain, country, asn,
    'takedowns' AS topic, log_epoch, log_partition, log_offset
FROM case_takedowns
UNION ALL
SELECT
    environment, location_key, record_key AS event_key, '' AS event_id, toFixedString('', 16) AS digest,
    if(is_self_actioned, 'SELF_ACTIONED', 'REPORTED') AS type, 'PROVIDER' AS actor_role, provider_id AS actor_id,
    received_at AS occurred_at, 'MS' AS occurred_precision, received_at AS observed_at, false AS is_history,
    false AS is_outdated, lower(hex(case_reports.report_id)) AS report_id, provider_report_id,
    provider_id AS report_provider_id, category, urgency, source, content_created_at, content_created_precision,
    '' AS finding, '' AS addressee, '' AS legal_basis, '' AS closed_as, '' AS relation, '' AS from_location_key,
    '' AS to_location_key, '' AS case_stage, '' AS owner, '' AS previous_owner, 0 AS cycle, '' AS rule, 0 AS n, host,
    registrable_domain, is_vn_domain, country, asn, 'reports' AS topic, log_epoch, log_partition, log_offset
FROM case_reports;

-- Reports that their providers took back: few, so that landing can look for them beside every report.
CREATE TABLE IF NOT EXISTS report_retractions {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    authority_report_id UUID,
    revision UInt32
)
ENGINE = {{MergeTree}}
ORDER BY (authority_report_id, revision)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS report_retractions_of_records {{ON_CLUSTER}} TO report_retractions AS
SELECT environment, authority_report_id, revision FROM records WHERE outcome = 'REPORT' AND kind = 'RETRACTION';

-- Cases as their reports alone make them: what `foldCase` says of the same events. Counts for a case only while `cases`
-- has none of its key; its version is 0 and it has one cycle. A report whose amendment alone names the location is
-- counted only where there is no other: which it is costs more to know than all the rest.
CREATE VIEW IF NOT EXISTS case_openings {{ON_CLUSTER}} AS
SELECT
    environment,
    location_key,
    fromUnixTimestamp64Milli(toInt64(bitShiftRight(first_place, 21)), 'UTC') AS opened_at,
    last_observed_at,
    greatest(1, initial_reports) AS reports,
    multiIf(most_urgent = 2, 'IMMINENT_RISK', most_urgent = 1, 'EXPEDITED', 'ROUTINE') AS urgency,
    if(self_actions = 0, 'REPORTED', 'SELF_ACTIONED') AS status,
    if(self_actions = 0, 'TRIAGE', 'VERIFICATION') AS stage,
    if(self_actions = 0, NULL, fromUnixTimestamp64Milli(toInt64(bitShiftRight(first_self_action, 21)), 'UTC')) AS self_actioned_at,
    self_actioned_by,
    reporter,
    category,
    host,
    registrable_domain,
    is_vn_domain,
    country,
    asn,
    if(created_known = 0, NULL, fromUnixTimestamp64Milli(created_ms, 'UTC')) AS content_created_at,
    content_created_precision
FROM
(
    SELECT
        environment,
        location_key,
        min(place_in_order) AS first_place,
        max(received_at) AS last_observed_at,
        countIf(is_initial) AS initial_reports,
        max(multiIf(case_reports.urgency = 'IMMINENT_RISK', 2, case_reports.urgency = 'EXPEDITED', 1, 0)) AS most_urgent,
        countIf(is_self_actioned) AS self_actions,
        minIf(place_in_order, is_self_actioned) AS first_self_action,
        argMinIf(provider_id, place_in_order, is_self_actioned) AS self_actioned_by,
        argMin(provider_id, place_in_order) AS reporter,
        argMin(case_reports.category, place_in_order) AS category,
        argMin(case_reports.host, place_in_order) AS host,
        argMin(case_reports.registrable_domain, place_in_order) AS registrable_domain,
        argMin(case_reports.is_vn_domain, place_in_order) AS is_vn_domain,
        argMin(case_reports.country, place_in_order) AS country,
        argMin(case_reports.asn, place_in_order) AS asn,
        countIf(isNotNull(case_reports.content_created_at)) AS created_known,
        argMinIf(
            toUnixTimestamp64Milli(assumeNotNull(case_reports.content_created_at)), place_in_order,
            isNotNull(case_reports.content_created_at)) AS created_ms,
        argMinIf(
            case_reports.content_created_precision, place_in_order,
            isNotNull(case_reports.content_created_at)) AS content_created_precision
    FROM case_reports
    GROUP BY environment, location_key
);

-- Cases that somebody has acted on, as folded from all their events. The row with the highest version counts.
CREATE TABLE IF NOT EXISTS cases {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    location_key UUID,
    version UInt64 COMMENT 'how many events it was folded from',
    acts UInt64 COMMENT 'the version that an actor names',
    status LowCardinality(String),
    stage LowCardinality(String) COMMENT 'who has to move next; empty once nobody has to',
    owner LowCardinality(String) COMMENT 'of that stage; empty: nobody yet',
    is_held Bool,
    is_appealed Bool,
    report_count UInt32,
    retracted_count UInt32,
    reports_since_down UInt32,
    reporter LowCardinality(String) COMMENT 'the first provider that reported it; empty: unknown',
    category LowCardinality(String),
    urgency LowCardinality(String),
    host String,
    registrable_domain String,
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    content_created_from Nullable(DateTime64(3, 'UTC')),
    content_created_to Nullable(DateTime64(3, 'UTC')),
    opened_at DateTime64(3, 'UTC'),
    live_from Nullable(DateTime64(3, 'UTC')) COMMENT 'from when on it may ring bells; null while nothing but history',
    last_observed_at DateTime64(3, 'UTC'),
    next_bell_at Nullable(DateTime64(3, 'UTC')),
    next_due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'the deadline that breaches first of those that had not at the fold',
    next_due_rule LowCardinality(String),
    next_due_addressee LowCardinality(String),

    -- arrays of equal length, one entry per cycle
    cycle_opened_by Array(LowCardinality(String)),
    cycle_opened_from Array(DateTime64(3, 'UTC')),
    cycle_opened_to Array(DateTime64(3, 'UTC')),
    cycle_status Array(LowCardinality(String)),
    cycle_finding Array(LowCardinality(String)),
    cycle_assessed_from Array(Nullable(DateTime64(3, 'UTC'))),
    cycle_assessed_to Array(Nullable(DateTime64(3, 'UTC'))),
    cycle_last_seen_up Array(Nullable(DateTime64(3, 'UTC'))),
    cycle_first_seen_down Array(Nullable(DateTime64(3, 'UTC'))),
    cycle_was_already_down Array(Bool),
    cycle_self_actioned_at Array(Nullable(DateTime64(3, 'UTC'))),
    cycle_claimed_at Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'the first claim, by our clock',
    cycle_claimed_by Array(LowCardinality(String)),
    cycle_claims Array(UInt16),
    cycle_false_claims Array(UInt16) COMMENT 'after which somebody saw it still up',
    cycle_ended_at Array(Nullable(DateTime64(3, 'UTC'))),
    cycle_leaves_cohort Array(Bool),
    cycle_relation Array(LowCardinality(String)) COMMENT 'of a reappearance',

    -- one entry per notice or founded complaint; the cycle counts from 1
    duty_cycle Array(UInt16),
    duty_trigger Array(LowCardinality(String)),
    duty_addressee Array(LowCardinality(String)),
    duty_from Array(DateTime64(3, 'UTC')),
    duty_to Array(DateTime64(3, 'UTC')),
    duty_claimed_at Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'first claim of the addressee in the cycle, by our clock',

    -- one entry per deadline; the duty counts from 1
    deadline_duty Array(UInt16),
    deadline_rule Array(LowCardinality(String)) COMMENT 'id@version',
    deadline_ms Array(UInt64),
    deadline_pauses Array(LowCardinality(String)) COMMENT 'what stops its clock: HOLD, APPEAL, HOLD+APPEAL or empty',

    -- one entry per pause, by their beginning
    pause_kind Array(LowCardinality(String)),
    pause_from Array(DateTime64(3, 'UTC')),
    pause_to Array(Nullable(DateTime64(3, 'UTC'))),

    state String COMMENT 'the whole case, JSON' CODEC(ZSTD(1))
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY (environment, location_key)
SETTINGS {{DURABLE}};

-- What became of events that did not simply apply; events of a folded case that are not here have applied.
CREATE TABLE IF NOT EXISTS event_verdicts {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    location_key UUID,
    event_key UUID,
    effect LowCardinality(String) COMMENT 'APPLIED, NO_OP or REFUSED',
    reason LowCardinality(String) COMMENT 'of REFUSED: why',
    version UInt64 COMMENT 'of the case when this was judged'
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY (environment, location_key, event_key)
SETTINGS {{DURABLE}};

-- Up to which offset the events of a partition have landed and their cases are folded; of the topic of reports: up to
-- which the cases of its reports are.
CREATE TABLE IF NOT EXISTS case_progress {{ON_CLUSTER}}
(
    topic LowCardinality(String),
    log_epoch UInt32,
    log_partition UInt32,
    to_offset UInt64,
    at DateTime64(3, 'UTC')
)
ENGINE = {{ReplacingMergeTree(to_offset)}}
ORDER BY (topic, log_epoch, log_partition)
SETTINGS {{DURABLE}};

-- Who works at the authority, and for which world. The token itself is never stored.
CREATE TABLE IF NOT EXISTS operators {{ON_CLUSTER}}
(
    credential_hash String COMMENT 'SHA-256 of the token, hex',
    operator_id LowCardinality(String),
    name String,
    environment LowCardinality(String),
    role LowCardinality(String) COMMENT 'OPERATOR or VERIFIER',
    may_import Bool COMMENT 'may record histories with the times of whoever kept them',
    created_at DateTime64(3, 'UTC'),
    revoked_at Nullable(DateTime64(3, 'UTC')),
    version UInt64
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY credential_hash
SETTINGS {{DURABLE}};

-- Who answers for which locations: what a provider holds, and the public key to which locations are sealed for it.
CREATE TABLE IF NOT EXISTS addressees {{ON_CLUSTER}}
(
    kind LowCardinality(String) COMMENT 'DOMAIN, ASN, CIDR or NOTICE_KEY',
    value String COMMENT 'ASCII domain; network number; address range; public key, PEM',
    provider_id LowCardinality(String),
    added_at DateTime64(3, 'UTC'),
    removed_at Nullable(DateTime64(3, 'UTC')),
    version UInt64
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY (kind, value, provider_id)
SETTINGS {{DURABLE}};

-- The legal clocks that cases were ever folded with: a rule that has been in force is never rewritten.
CREATE TABLE IF NOT EXISTS takedown_rules {{ON_CLUSTER}}
(
    rule String COMMENT 'id@version',
    content String COMMENT 'JSON',
    recorded_at DateTime64(3, 'UTC')
)
ENGINE = {{ReplacingMergeTree}}
ORDER BY rule
SETTINGS {{DURABLE}};
