// A store full of cases, made inside the engine: landing them would take an hour and measure something else.
import type { Store } from '../../store/store.js';

/** How many providers answer for the locations, and how many report them. */
const ADDRESSEES = 200;
const REPORTERS = 50;

/**
 * `count` cases of two and a half years up to `nowMs`, all of them opened by a report and four fifths of them acted on
 * (in `cases`), in `parts` inserts; one part in a hundred of the keys is written a second time. A third is still up, one
 * in twenty was held, one in twenty came back, one in ten has dates only.
 */
export async function makeCases(store: Store, count: number, parts: number, nowMs: number): Promise<void> {
  const perPart = Math.ceil(count / parts);
  for (let part = 0; part < parts; part += 1) {
    const from = part * perPart;
    const size = Math.min(perPart, count - from);
    await store.command(openings(from, size, nowMs));
    const again = part === 0 ? 0 : Math.floor(perPart / 100);
    await store.command(acted(from - again, size + again, part, nowMs));
  }
}

const SPAN_S = 2.5 * 365 * 86_400;

/** The same of the same number, whoever asks. */
function drawn(nowMs: number): string {
  const start = Math.floor(nowMs / 1000) - SPAN_S;
  const share = (salt: number): string => `((cityHash64(number, ${salt}) % 100000) / 100000.)`;
  return `
    toUUID(concat(substring(hex(MD5(toString(number))), 1, 8), '-', substring(hex(MD5(toString(number))), 9, 4), '-',
      substring(hex(MD5(toString(number))), 13, 4), '-', substring(hex(MD5(toString(number))), 17, 4), '-',
      substring(hex(MD5(toString(number))), 21, 12))) AS location_key,
    toDateTime64(${start}, 3, 'UTC') + toInt64(${share(1)} * ${SPAN_S}) AS opened,
    opened + toInt64(3600 + ${share(2)} * 86400) AS noticed,
    concat('host-', toString(cityHash64(number, 3) % ${ADDRESSEES})) AS host_id,
    concat('reporter-', toString(cityHash64(number, 4) % ${REPORTERS})) AS reporter_id,
    ['CSAM', 'GROOMING', 'SEXTORTION', 'SELF_HARM'][cityHash64(number, 5) % 4 + 1] AS about,
    ['VN', 'VN', 'US', 'SG', 'DE'][cityHash64(number, 6) % 5 + 1] AS hosted_in,
    cityHash64(number, 7) % 3 = 0 AS under_vn,
    noticed + toInt64(exp(7 + 6 * ${share(8)})) AS went_down,
    ${share(9)} < 0.33 OR went_down > toDateTime64(${Math.floor(nowMs / 1000)}, 3, 'UTC') AS is_up,
    if(is_up, NULL, went_down) AS seen_down,
    if(is_up, noticed + 600, went_down - toInt64(${share(10)} * 7200)) AS seen_up,
    ${share(11)} < 0.05 AS was_held,
    ${share(12)} < 0.05 AND NOT is_up AS came_back,
    ${share(13)} < 0.02 AS has_left,
    ${share(14)} < 0.7 AS has_claimed,
    if(${share(15)} < 0.1, 86399, 0) AS width,
    if(has_claimed, noticed + toInt64(${share(16)} * 80000), NULL) AS claimed`;
}

function acted(from: number, size: number, version: number, nowMs: number): string {
  const columns: Readonly<Record<string, string>> = {
    environment: `'PRODUCTION'`,
    location_key: 'location_key',
    version: `${version + 5}`,
    acts: '4',
    status: `if(is_up, 'NOTICE_ISSUED', 'VERIFIED_DOWN')`,
    stage: `if(is_up, 'NOTICE', 'VERIFICATION')`,
    owner: `if(number % 3 = 0, '', 'op-1')`,
    is_held: 'was_held AND is_up',
    report_count: '1',
    reporter: 'reporter_id',
    category: 'about',
    urgency: `if(number % 10 = 0, 'EXPEDITED', 'ROUTINE')`,
    host: `concat('lachan-demo-', toString(number % 5000), '.vn')`,
    registrable_domain: `concat('lachan-demo-', toString(number % 5000), '.vn')`,
    is_vn_domain: 'under_vn',
    country: 'hosted_in',
    asn: 'toUInt32(64500 + number % 300)',
    content_created_from: 'opened - 86400 * (number % 40)',
    content_created_to: 'opened - 86400 * (number % 40) + 86399',
    opened_at: 'opened',
    last_observed_at: 'noticed',
    ...perCycle({
      cycle_opened_by: [`'REPORT'`, `'REAPPEARANCE'`],
      cycle_opened_from: ['opened', 'went_down + 864000'],
      cycle_opened_to: ['opened + width', 'went_down + 864000'],
      cycle_status: [`if(is_up, 'NOTICE_ISSUED', 'VERIFIED_DOWN')`, `'REAPPEARED'`],
      cycle_finding: [`'ILLEGAL'`, `'ILLEGAL'`],
      cycle_assessed_from: ['opened + 1800', 'NULL'],
      cycle_assessed_to: ['opened + 1800', 'NULL'],
      cycle_last_seen_up: ['seen_up', 'went_down + 864000'],
      cycle_first_seen_down: ['seen_down', 'NULL'],
      cycle_was_already_down: ['false', 'false'],
      cycle_self_actioned_at: ['NULL', 'NULL'],
      cycle_claimed_at: ['claimed', 'NULL'],
      cycle_claimed_by: [`if(has_claimed, host_id, '')`, `''`],
      cycle_claims: ['toUInt16(has_claimed)', '0'],
      cycle_false_claims: ['toUInt16(has_claimed AND is_up)', '0'],
      cycle_ended_at: ['if(has_left, noticed + 90000, NULL)', 'NULL'],
      cycle_leaves_cohort: ['has_left', 'false'],
      cycle_relation: [`''`, `'SAME_LOCATION'`],
    }),
    duty_cycle: '[1]',
    duty_trigger: `['NOTICE_ISSUED']`,
    duty_addressee: '[host_id]',
    duty_from: '[noticed]',
    duty_to: '[noticed + width]',
    duty_claimed_at: '[claimed]',
    deadline_duty: '[1, 1]',
    deadline_rule: `['law-116-2025-art-25-2@1', 'decree-147-2024-request@1']`,
    deadline_ms: '[86400000, 86400000]',
    deadline_pauses: `['HOLD', 'HOLD']`,
    pause_kind: `if(was_held, ['HOLD'], [])`,
    pause_from: 'if(was_held, [noticed + 100], [])',
    pause_to: 'if(was_held, [if(is_up, NULL, noticed + 4000)], [])',
    state: `concat('{"locationKey":"', toString(location_key), '"}', repeat(' ', 1500))`,
  };
  return `
    INSERT INTO cases (${Object.keys(columns).join(', ')})
    SELECT ${Object.values(columns).join(', ')}
    FROM (SELECT number, ${drawn(nowMs)} FROM numbers(${from}, ${size}) WHERE number % 5 != 0)
    SETTINGS min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 0, max_insert_threads = 1`;
}

function perCycle(columns: Readonly<Record<string, readonly [string, string]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, [first, second]]) => [
      name,
      `if(came_back, [${first}, ${second}], [${first}])`,
    ]),
  );
}

function openings(from: number, size: number, nowMs: number): string {
  const columns: Readonly<Record<string, string>> = {
    environment: `'PRODUCTION'`,
    location_key: 'location_key',
    place_in_order: 'bitShiftLeft(toUInt64(toUnixTimestamp64Milli(opened)), 21)',
    record_key: 'location_key',
    received_at: 'opened',
    is_initial: 'true',
    report_id: 'location_key',
    provider_report_id: 'toString(number)',
    provider_id: 'reporter_id',
    category: 'about',
    urgency: `'ROUTINE'`,
    host: `concat('lachan-demo-', toString(number % 5000), '.vn')`,
    registrable_domain: `concat('lachan-demo-', toString(number % 5000), '.vn')`,
    is_vn_domain: 'under_vn',
    country: 'hosted_in',
    asn: '64500',
    log_offset: 'number',
  };
  return `
    INSERT INTO case_reports (${Object.keys(columns).join(', ')})
    SELECT ${Object.values(columns).join(', ')}
    FROM (SELECT number, ${drawn(nowMs)} FROM numbers(${from}, ${size}))
    SETTINGS min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 0, max_insert_threads = 1`;
}
