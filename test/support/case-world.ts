// A store in which reports and events of cases have landed, without a log or consumers in front.
import { decodeEvents } from '../../consumers/takedown/decode-event.js';
import { EVENT_COLUMNS, eventRows } from '../../consumers/takedown/event-rows.js';
import { judgeEvents } from '../../consumers/takedown/judge-events.js';
import { keepCases } from '../../consumers/takedown/keep-cases.js';
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import type { Select } from '../../store/queries/select.js';
import type { Block, Store } from '../../store/store.js';
import type { CaseKey } from '../../takedown/case.js';
import { readRules } from '../../takedown/read-rules.js';
import { VIETNAM_EXAMPLE } from '../../takedown/rules/vietnam-example.js';
import { recordOf } from './records.js';
import { takedownRecordOf } from './takedown-records.js';

const read = readRules(VIETNAM_EXAMPLE);
const RULES = 'rules' in read ? read.rules : [];

export type ReportRow = Partial<{
  environment: string;
  providerId: string;
  reportId: string;
  receivedAtMs: number;
  outcome: string;
  conflictFields: readonly string[];
  reason: string;
  category: string;
  /** Location keys. */
  places: readonly Uint8Array[];
  host: string;
  visibility: readonly string[];
}>;

export class CaseWorld {
  /** Statements asked by way of `select`. */
  readonly asked: string[] = [];
  /** What the next questions fail with. */
  fault: Error | undefined;
  nowMs = Date.UTC(2026, 10, 3);
  readonly #ends = new Map<string, number>();
  #tokens = 0;

  private constructor(
    readonly store: Store,
    private readonly database: string,
  ) {}

  static async open(directory: string, database: string, partitions = 1): Promise<CaseWorld> {
    const store = await openChdb({ directory, database });
    const world = new CaseWorld(store, database);
    await migrate(store, 'single', world.nowMs);
    await world.epoch(1, partitions);
    return world;
  }

  readonly select: Select = async (sql, params) => {
    this.asked.push(sql);
    if (this.fault !== undefined) throw this.fault;
    return this.store.select(sql, params);
  };

  async epoch(epoch: number, partitions = 1): Promise<void> {
    const firsts = Array.from({ length: partitions }, () => 0);
    await this.insert(
      'log_epochs',
      ['topic', 'log_epoch', 'partitions', 'first_offsets', 'created_at'],
      [REPORTS_TOPIC, TAKEDOWNS_TOPIC].map((topic) => [topic, epoch, partitions, firsts, this.nowMs]),
    );
  }

  /** Lands records of reports as one block. */
  async reports(rows: readonly ReportRow[], partition = 0): Promise<void> {
    const from = this.#take(`reports ${partition}`, rows.length);
    await this.insert(
      'records',
      [
        'log_epoch',
        'log_partition',
        'log_offset',
        'outcome',
        'reason',
        'conflict_fields',
        'environment',
        'provider_id',
        'report_id',
        'kind',
        'authority_report_id',
        'record_key',
        'payload_digest',
        'received_at',
        'landed_at',
        'category',
        'urgency',
        'source',
        'decision_visibility',
        'location_keys',
        'location_hosts',
        'location_domains',
        'location_is_vn_domain',
        'location_countries',
        'location_asns',
      ],
      rows.map((row, i) => {
        const { environment = 'TEST', providerId = 'demo-platform', reportId = `r-${from + i}` } = row;
        const { authorityReportId, recordKey } = recordOf({
          environment: environment === 'PRODUCTION' ? environment : 'TEST',
          providerId,
          reportId,
        });
        const { places = [], host = 'lachan-demo-1.vn' } = row;
        return [
          1,
          partition,
          from + i,
          row.outcome ?? 'REPORT',
          row.reason ?? '',
          row.conflictFields ?? [],
          environment,
          providerId,
          reportId,
          'INITIAL',
          uuid(authorityReportId),
          uuid(recordKey),
          '0123456789abcdef',
          row.receivedAtMs ?? this.nowMs,
          this.nowMs,
          row.category ?? 'CSAM',
          'ROUTINE',
          'UNSPECIFIED',
          row.visibility ?? [],
          places.map(uuid),
          places.map(() => host),
          places.map(() => host),
          places.map(() => true),
          places.map(() => 'VN'),
          places.map(() => 64_500),
        ];
      }),
    );
  }

  /** Lands events as one block, and keeps their cases unless `isFolded` is false. */
  async events(
    events: readonly Partial<TakedownRecord>[],
    { partition = 0, isFolded = true }: { partition?: number; isFolded?: boolean } = {},
  ): Promise<void> {
    const from = this.#take(`takedowns ${partition}`, events.length);
    const records = events.map((event) =>
      takedownRecordOf({
        receivedAtMs: this.nowMs,
        observedAtMs: this.nowMs,
        occurredAt: { instantMs: this.nowMs, precision: 'MS' },
        ...event,
      }),
    );
    const values = records.map((record, i) => ({
      offset: from + i,
      value: takedownRecordCodec.encode(record),
    }));
    const select = this.store.select.bind(this.store);
    const judged = await judgeEvents(decodeEvents(values), select, { epoch: 1, partition, offset: from });
    await this.#land({
      table: 'takedown_records',
      columns: EVENT_COLUMNS,
      rows: eventRows(judged, {
        epoch: 1,
        partition,
        landedAtMs: this.nowMs,
        enrichLocation: () => ({ country: '', asn: 0 }),
        lookupVersions: '',
      }),
      rowCount: judged.length,
    });
    if (!isFolded) return;
    const keys = records.map(({ environment, locationKey }): CaseKey => {
      return { environment, locationKey: Buffer.from(locationKey).toString('hex') };
    });
    const to = from + events.length - 1;
    await this.keep(keys, { topic: 'takedowns', epoch: 1, partition, to });
  }

  /** The next records of reports stand that many offsets further on. */
  skip(partition: number, offsets: number): void {
    this.#take(`reports ${partition}`, offsets);
  }

  async keep(keys: readonly CaseKey[], progress?: Parameters<typeof keepCases>[2]): Promise<void> {
    await keepCases(
      {
        select: this.store.select.bind(this.store),
        insert: (block) => this.store.insert(block),
        rules: RULES,
        nowMs: () => this.nowMs,
      },
      keys,
      progress,
    );
  }

  async insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly unknown[])[],
  ): Promise<void> {
    const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await this.#land({ table, columns, rows: bytes, rowCount: rows.length });
  }

  async close(): Promise<void> {
    await this.store.command(`DROP DATABASE ${this.database} SYNC`);
    await this.store.close();
  }

  #land(block: Omit<Block, 'token'>): Promise<void> {
    return this.store.insert({ ...block, token: `case-world:${(this.#tokens += 1)}` });
  }

  #take(lane: string, count: number): number {
    const from = this.#ends.get(lane) ?? 0;
    this.#ends.set(lane, from + count);
    return from;
  }
}

export function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
