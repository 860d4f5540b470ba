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

-- All events of a case side by side, from both topics: what a case is folded from.
CREATE TABLE IF NOT EXISTS case_events {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    location_key UUID,
    event_key UUID,
    event_id String,
    digest FixedString(16) COMMENT 'hex; of the topic of takedowns only: tells a copy from another content',
    type LowCardinality(String),
    actor_role LowCardinality(String),
    actor_id LowCardinality(String),
    occurred_at DateTime64(3, 'UTC'),
    occurred_precision LowCardinality(String),
    observed_at DateTime64(3, 'UTC'),
    is_history Bool,
    is_outdated Bool,
    report_id String COMMENT 'the authority''s id, hex without dashes',
    provider_report_id String COMMENT 'as the provider sent it; of events of the topic of reports',
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
    topic LowCardinality(String) COMMENT 'reports or takedowns',
    log_epoch UInt32,
    log_partition UInt32,
    log_offset UInt64
)
ENGINE = {{MergeTree}}
ORDER BY (environment, location_key, observed_at)
SETTINGS {{DURABLE}}, index_granularity = 1024;

CREATE MATERIALIZED VIEW IF NOT EXISTS case_events_of_takedowns {{ON_CLUSTER}} TO case_events AS
SELECT
    environment, location_key, event_key, event_id, digest, type, actor_role, actor_id, occurred_at, occurred_precision,
    observed_at, is_history, is_outdated, report_id, report_provider_id, category, urgency, source, content_created_at,
    content_created_precision, finding, addressee, legal_basis, closed_as, relation, from_location_key, to_location_key,
    case_stage, owner, previous_owner, cycle, rule, n, host, registrable_domain, is_vn_domain, country, asn,
    'takedowns' AS topic, log_epoch, log_partition, log_offset
FROM takedown_records
WHERE outcome = 'EVENT';

-- A report is an event of the case of each of its locations; one that names a location twice counts once for it.
CREATE MATERIALIZED VIEW IF NOT EXISTS case_events_of_records {{ON_CLUSTER}} TO case_events AS
SELECT
    environment,
    location_key,
    record_key AS event_key,
    if(hasAny(decision_visibility, ['REMOVED', 'DISABLED']), 'SELF_ACTIONED', 'REPORTED') AS type,
    'PROVIDER' AS actor_role,
    provider_id AS actor_id,
    received_at AS occurred_at,
    'MS' AS occurred_precision,
    received_at AS observed_at,
    lower(hex(authority_report_id)) AS report_id,
    records.report_id AS provider_report_id,
    provider_id AS report_provider_id,
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
    'reports' AS topic,
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

-- What reports alone make of a case; read it as `case_openings`. Texts whose smallest value counts begin with what
-- the events of a case are ordered by: time of receipt in ms (14 digits), 0 for REPORTED and 1 for SELF_ACTIONED, key
-- of the record. '~' comes after all of them: nothing is known. A report whose amendment alone names the location is
-- counted only where there is no other: which it is costs more to know than all the rest.
CREATE TABLE IF NOT EXISTS case_opening_states {{ON_CLUSTER}}
(
    environment LowCardinality(String),
    location_key UUID,
    opened_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_observed_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    reports SimpleAggregateFunction(sum, UInt64) COMMENT 'without amendments',
    urgency SimpleAggregateFunction(max, Enum8('ROUTINE' = 0, 'EXPEDITED' = 1, 'IMMINENT_RISK' = 2)),
    first_report SimpleAggregateFunction(min, String) COMMENT 'order, provider, category, host, registrable domain, .vn or not, country, network; between tabs',
    first_content_created SimpleAggregateFunction(min, String) COMMENT 'order and ms; behind a tab the precision',
    first_self_action SimpleAggregateFunction(min, String) COMMENT 'order and provider'
)
ENGINE = {{AggregatingMergeTree}}
ORDER BY (environment, location_key)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS case_openings_of_records {{ON_CLUSTER}} TO case_opening_states AS
WITH
    hasAny(decision_visibility, ['REMOVED', 'DISABLED']) AS is_self_actioned,
    concat(leftPad(toString(toUnixTimestamp64Milli(received_at)), 14, '0'), if(is_self_actioned, '1', '0'), lower(hex(record_key))) AS place_in_order
SELECT
    environment,
    location_key,
    received_at AS opened_at,
    received_at AS last_observed_at,
    toUInt64(kind = 'INITIAL') AS reports,
    urgency,
    concat(place_in_order, '\t', provider_id, '\t', category, '\t', host, '\t', registrable_domain, '\t', toString(toUInt8(is_vn_domain)), '\t', country, '\t', toString(asn)) AS first_report,
    if(isNull(content_created_at), '~', concat(place_in_order, toString(toUnixTimestamp64Milli(assumeNotNull(content_created_at))), '\t', content_created_precision)) AS first_content_created,
    if(is_self_actioned, concat(place_in_order, provider_id), '~') AS first_self_action
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

-- Cases as their reports alone make them: what `foldCase` says of the same events. Counts for a case only while `cases`
-- has none of its key; its version is 0 and it has one cycle.
CREATE VIEW IF NOT EXISTS case_openings {{ON_CLUSTER}} AS
SELECT
    environment,
    location_key,
    opened_at,
    last_observed_at,
    reports,
    urgency,
    if(first_self_action = '~', 'REPORTED', 'SELF_ACTIONED') AS status,
    if(first_self_action = '~', 'TRIAGE', 'VERIFICATION') AS stage,
    if(first_self_action = '~', NULL, fromUnixTimestamp64Milli(toInt64OrZero(substring(first_self_action, 1, 14)), 'UTC')) AS self_actioned_at,
    substring(first_self_action, 48) AS self_actioned_by,
    splitByChar('\t', first_report) AS facts,
    facts[2] AS reporter,
    facts[3] AS category,
    facts[4] AS host,
    facts[5] AS registrable_domain,
    toBool(facts[6] = '1') AS is_vn_domain,
    facts[7] AS country,
    toUInt32OrZero(facts[8]) AS asn,
    splitByChar('\t', substring(first_content_created, 48)) AS created,
    if(first_content_created = '~', NULL, fromUnixTimestamp64Milli(toInt64OrZero(created[1]), 'UTC')) AS content_created_at,
    if(first_content_created = '~', '', created[2]) AS content_created_precision
FROM
(
    SELECT
        environment,
        location_key,
        min(case_opening_states.opened_at) AS opened_at,
        max(case_opening_states.last_observed_at) AS last_observed_at,
        greatest(1, sum(case_opening_states.reports)) AS reports,
        toString(max(case_opening_states.urgency)) AS urgency,
        min(case_opening_states.first_report) AS first_report,
        min(case_opening_states.first_content_created) AS first_content_created,
        min(case_opening_states.first_self_action) AS first_self_action
    FROM case_opening_states
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
