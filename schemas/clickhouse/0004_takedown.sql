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
-- counted only where there is no other: which it is costs more to know than all the rest. Keys of locations differ between
-- environments; grouped by both, the engine takes twice as long.
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
        any(case_reports.environment) AS environment,
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
    GROUP BY location_key
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

    state String COMMENT 'the whole case, JSON' CODEC(ZSTD(1)),

    -- what the arrays say of the case as a whole, so that figures need not read them
    is_open Bool MATERIALIZED isNull(cycle_first_seen_down[-1]) AND isNull(cycle_ended_at[-1]),
    current_opened_at DateTime64(3, 'UTC') MATERIALIZED cycle_opened_from[-1],
    was_seen_down Bool MATERIALIZED arrayExists(at -> isNotNull(at), cycle_first_seen_down),
    was_already_down Bool MATERIALIZED has(cycle_was_already_down, true),
    is_self_actioned Bool MATERIALIZED arrayExists(at -> isNotNull(at), cycle_self_actioned_at),
    was_reinstated Bool MATERIALIZED has(cycle_status, 'REINSTATED'),
    is_noticed Bool MATERIALIZED has(duty_trigger, 'NOTICE_ISSUED'),
    last_noticed LowCardinality(String) MATERIALIZED arrayLast((who, why) -> why = 'NOTICE_ISSUED', duty_addressee, duty_trigger)
)
ENGINE = {{ReplacingMergeTree(version)}}
-- The key in front: rows of one case are told from others by it alone, which halves what FINAL costs.
ORDER BY (location_key, environment)
SETTINGS {{DURABLE}};

-- What clocks run on, one row for each run: figures read numbers, and only those of their clock. Written by the insert of
-- its case. A fold that knows more may have fewer runs; whoever writes it makes those beyond void. What has not happened
-- is dated 2299-12-31; what nobody has seen up, 1970-01-01.
CREATE TABLE IF NOT EXISTS case_cycles {{ON_CLUSTER}}
(
    location_key UUID,
    environment LowCardinality(String),
    n UInt16 COMMENT 'which cycle of its case, from 1',
    version UInt64 COMMENT 'of the case',
    is_void Bool COMMENT 'is there no longer, or never counted',
    reporter LowCardinality(String),
    category LowCardinality(String),
    urgency LowCardinality(String),
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    addressee LowCardinality(String) COMMENT 'of its first notice, or empty',
    opened_by LowCardinality(String),
    opened_from DateTime64(3, 'UTC'),
    opened_to DateTime64(3, 'UTC'),
    created_from DateTime64(3, 'UTC') COMMENT 'of the content; known of the first cycle only',
    created_to DateTime64(3, 'UTC'),
    assessed_from DateTime64(3, 'UTC'),
    assessed_to DateTime64(3, 'UTC'),
    last_seen_up DateTime64(3, 'UTC'),
    first_seen_down DateTime64(3, 'UTC'),
    reappeared_from DateTime64(3, 'UTC') COMMENT 'when the next cycle opened',
    reappeared_to DateTime64(3, 'UTC'),
    claimed_at DateTime64(3, 'UTC') COMMENT 'the first claim, by our clock',
    claimed_by LowCardinality(String),
    claims UInt16,
    false_claims UInt16,
    left_at DateTime64(3, 'UTC') COMMENT 'when it left the cohort',
    held_from Array(DateTime64(3, 'UTC')),
    held_to Array(DateTime64(3, 'UTC'))
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY (location_key, environment, n)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS case_cycles_of_cases {{ON_CLUSTER}} TO case_cycles AS
WITH toDateTime64('2299-12-31 00:00:00', 3, 'UTC') AS never
SELECT
    location_key, environment, n, version, cycle_is = 'UNREPORTED' AS is_void,
    reporter, category, urgency, is_vn_domain, country, asn,
    arrayFirst((who, at, why) -> at = n AND why = 'NOTICE_ISSUED', duty_addressee, duty_cycle, duty_trigger) AS addressee,
    opened_by, opened_from, opened_to,
    if(n = 1, ifNull(content_created_from, never), never) AS created_from,
    if(n = 1, ifNull(content_created_to, never), never) AS created_to,
    ifNull(cycle_assessed_from[n], never) AS assessed_from,
    ifNull(cycle_assessed_to[n], never) AS assessed_to,
    ifNull(cycle_last_seen_up[n], toDateTime64(0, 3, 'UTC')) AS last_seen_up,
    ifNull(cycle_first_seen_down[n], never) AS first_seen_down,
    if(n < length(cycle_status), cycle_opened_from[n + 1], never) AS reappeared_from,
    if(n < length(cycle_status), cycle_opened_to[n + 1], never) AS reappeared_to,
    ifNull(cycle_claimed_at[n], never) AS claimed_at,
    cycle_claimed_by[n] AS claimed_by,
    cycle_claims[n] AS claims,
    cycle_false_claims[n] AS false_claims,
    if(cycle_leaves_cohort[n], ifNull(cycle_ended_at[n], never), never) AS left_at,
    arrayFilter((since, kind) -> kind = 'HOLD', pause_from, pause_kind) AS held_from,
    arrayMap(until -> ifNull(until, never), arrayFilter((until, kind) -> kind = 'HOLD', pause_to, pause_kind)) AS held_to
FROM cases
ARRAY JOIN
    cycle_status AS cycle_is,
    cycle_opened_by AS opened_by,
    cycle_opened_from AS opened_from,
    cycle_opened_to AS opened_to,
    arrayEnumerate(cycle_status) AS n;

CREATE TABLE IF NOT EXISTS case_notices {{ON_CLUSTER}}
(
    location_key UUID,
    environment LowCardinality(String),
    n UInt16 COMMENT 'which notice or complaint of its case, from 1',
    version UInt64 COMMENT 'of the case',
    is_void Bool COMMENT 'is there no longer, or is no notice',
    reporter LowCardinality(String),
    category LowCardinality(String),
    urgency LowCardinality(String),
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    addressee LowCardinality(String),
    notice_from DateTime64(3, 'UTC'),
    notice_to DateTime64(3, 'UTC'),
    claimed_at DateTime64(3, 'UTC') COMMENT 'first claim of the addressee in the cycle, by our clock',
    last_seen_up DateTime64(3, 'UTC') COMMENT 'of its cycle',
    first_seen_down DateTime64(3, 'UTC'),
    left_at DateTime64(3, 'UTC') COMMENT 'when its cycle left the cohort',
    held_from Array(DateTime64(3, 'UTC')),
    held_to Array(DateTime64(3, 'UTC')),
    rules Array(LowCardinality(String)) COMMENT 'id@version of those that set it a deadline'
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY (location_key, environment, n)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS case_notices_of_cases {{ON_CLUSTER}} TO case_notices AS
WITH toDateTime64('2299-12-31 00:00:00', 3, 'UTC') AS never
SELECT
    location_key, environment, n, version, why != 'NOTICE_ISSUED' AS is_void,
    reporter, category, urgency, is_vn_domain, country, asn, addressee, notice_from, notice_to,
    ifNull(duty_claimed_at[n], never) AS claimed_at,
    ifNull(cycle_last_seen_up[in_cycle], toDateTime64(0, 3, 'UTC')) AS last_seen_up,
    ifNull(cycle_first_seen_down[in_cycle], never) AS first_seen_down,
    if(cycle_leaves_cohort[in_cycle], ifNull(cycle_ended_at[in_cycle], never), never) AS left_at,
    arrayFilter((since, kind) -> kind = 'HOLD', pause_from, pause_kind) AS held_from,
    arrayMap(until -> ifNull(until, never), arrayFilter((until, kind) -> kind = 'HOLD', pause_to, pause_kind)) AS held_to,
    arrayFilter((rule, duty) -> duty = n, deadline_rule, deadline_duty) AS rules
FROM cases
ARRAY JOIN
    duty_cycle AS in_cycle,
    duty_trigger AS why,
    duty_addressee AS addressee,
    duty_from AS notice_from,
    duty_to AS notice_to,
    arrayEnumerate(duty_cycle) AS n;

CREATE TABLE IF NOT EXISTS case_deadlines {{ON_CLUSTER}}
(
    location_key UUID,
    environment LowCardinality(String),
    n UInt16 COMMENT 'which of its case, from 1: those of one notice or complaint that the same pauses stop are one row',
    version UInt64 COMMENT 'of the case',
    is_void Bool COMMENT 'is there no longer',
    reporter LowCardinality(String),
    category LowCardinality(String),
    urgency LowCardinality(String),
    is_vn_domain Bool,
    country LowCardinality(String),
    asn UInt32,
    addressee LowCardinality(String),
    trigger LowCardinality(String) COMMENT 'NOTICE_ISSUED, or what else started the clock',
    start_from DateTime64(3, 'UTC'),
    start_to DateTime64(3, 'UTC'),
    last_seen_up DateTime64(3, 'UTC') COMMENT 'of its cycle',
    first_seen_down DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC') COMMENT 'when its cycle ended',
    leaves_cohort Bool COMMENT 'with that end',
    paused_from Array(DateTime64(3, 'UTC')) COMMENT 'each after those before it, so that the clock stands still once',
    paused_to Array(DateTime64(3, 'UTC')),
    rules Array(LowCardinality(String)) COMMENT 'id@version',
    limits_ms Array(UInt64)
)
ENGINE = {{ReplacingMergeTree(version)}}
ORDER BY (location_key, environment, n)
SETTINGS {{DURABLE}};

CREATE MATERIALIZED VIEW IF NOT EXISTS case_deadlines_of_cases {{ON_CLUSTER}} TO case_deadlines AS
WITH
    toDateTime64('2299-12-31 00:00:00', 3, 'UTC') AS never,
    arrayMap((duty, pauses) -> (duty, toString(pauses)), deadline_duty, deadline_pauses) AS kinds
SELECT
    location_key, environment, n, version, false AS is_void,
    reporter, category, urgency, is_vn_domain, country, asn,
    duty_addressee[kind.1] AS addressee,
    duty_trigger[kind.1] AS trigger,
    duty_from[kind.1] AS start_from,
    duty_to[kind.1] AS start_to,
    ifNull(cycle_last_seen_up[duty_cycle[kind.1]], toDateTime64(0, 3, 'UTC')) AS last_seen_up,
    ifNull(cycle_first_seen_down[duty_cycle[kind.1]], never) AS first_seen_down,
    ifNull(cycle_ended_at[duty_cycle[kind.1]], never) AS ended_at,
    cycle_leaves_cohort[duty_cycle[kind.1]] AS leaves_cohort,
    arrayMap(
        (since, nth) -> greatest(since, arrayMax(arrayPushFront(arraySlice(paused_to, 1, nth - 1), since))),
        arrayFilter((since, pause) -> position(kind.2, pause) > 0, pause_from, pause_kind),
        arrayEnumerate(paused_to)) AS paused_from,
    arrayMap(
        until -> ifNull(until, never),
        arrayFilter((until, pause) -> position(kind.2, pause) > 0, pause_to, pause_kind)) AS paused_to,
    arrayFilter((rule, each) -> each = kind, deadline_rule, kinds) AS rules,
    arrayFilter((limit, each) -> each = kind, deadline_ms, kinds) AS limits_ms
FROM cases
ARRAY JOIN arrayDistinct(kinds) AS kind, arrayEnumerate(arrayDistinct(kinds)) AS n;

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
