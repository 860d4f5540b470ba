// Every metric, declared once with a sentence. Labels are closed lists: no report content, no host, no provider.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  received(accepted: number, rejected: number): void;
  /** `unaddressed`: notices among the accepted that nobody is known to answer. */
  receivedEvents(accepted: number, rejected: number, unaddressed: number): void;
  landed(topic: string, records: number): void;
  retried(topic: string): void;
  deadLetters(count: number): void;
  fault(): void;
}

/** What is read when metrics are asked for; a process shows the gauges that it has a source for. */
export interface MetricSources {
  readonly landingLag?: () => number;
  readonly landingStopped?: () => boolean;
  readonly inFlightBytes?: () => number;
  readonly streams?: () => number;
  readonly watchers?: () => number;
  readonly logBytes?: () => number;
  readonly lookupAgeDays?: () => number;
}

/** Counters stand at zero where a process has nothing to count. */
export function createMetrics(sources: MetricSources, registry = new Registry()): Metrics {
  collectDefaultMetrics({ register: registry, prefix: 'lachan_' });
  const registers = [registry];
  const received = new Counter({
    name: 'lachan_reports_received_total',
    help: 'Reports answered by the gateway, by verdict: accepted (durable) or rejected (refused, with violations).',
    labelNames: ['verdict'],
    registers,
  });
  const events = new Counter({
    name: 'lachan_events_received_total',
    help: 'Events of takedown answered by the gateway, by verdict: accepted (durable) or rejected (refused, with violations).',
    labelNames: ['verdict'],
    registers,
  });
  const unaddressed = new Counter({
    name: 'lachan_notices_without_addressee_total',
    help: 'Notices for whose location nobody is registered: nobody is told. Growing: look at lachan providers owns.',
    registers,
  });
  const landed = new Counter({
    name: 'lachan_records_landed_total',
    help: 'Records of the log that became rows, by topic.',
    labelNames: ['topic'],
    registers,
  });
  const retried = new Counter({
    name: 'lachan_landing_retries_total',
    help: 'Inserts or questions that the store refused for the time being. Growing: look at the store.',
    labelNames: ['topic'],
    registers,
  });
  const deadLetters = new Counter({
    name: 'lachan_dead_letters_total',
    help: 'Records of the log that landing could not read, counted whenever it met them. Growing: look at lachan dead-letters list.',
    registers,
  });
  const faults = new Counter({
    name: 'lachan_gateway_faults_total',
    help: 'Calls that failed through a fault of our own. Above 0: look at the log of the process.',
    registers,
  });
  const gauge = (name: string, help: string, read: (() => number | boolean) | undefined): void => {
    if (read === undefined) return;
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(Number(read()));
      },
    });
  };
  gauge(
    'lachan_landing_lag_records',
    'Accepted records that have not landed yet. Growing for minutes: landing cannot keep up.',
    sources.landingLag,
  );
  gauge(
    'lachan_landing_stopped',
    '1 when landing has stopped, by a flood of dead letters or another fault; accepted records then wait in the log.',
    sources.landingStopped,
  );
  gauge(
    'lachan_gateway_in_flight_bytes',
    'Bytes of batches received and not yet answered.',
    sources.inFlightBytes,
  );
  gauge('lachan_gateway_report_streams', 'Open StreamReports calls.', sources.streams);
  gauge('lachan_gateway_watchers', 'Open calls of WatchNotices and WatchOutcomes.', sources.watchers);
  gauge('lachan_log_used_bytes', 'Bytes of records in the embedded log.', sources.logBytes);
  gauge(
    'lachan_lookup_age_days',
    'Age of the oldest lookup of addresses. Above 90: countries and networks grow wrong; update it.',
    sources.lookupAgeDays,
  );
  return {
    registry,
    received(accepted, rejected) {
      received.inc({ verdict: 'accepted' }, accepted);
      received.inc({ verdict: 'rejected' }, rejected);
    },
    receivedEvents(accepted, rejected, withoutAddressee) {
      events.inc({ verdict: 'accepted' }, accepted);
      events.inc({ verdict: 'rejected' }, rejected);
      unaddressed.inc(withoutAddressee);
    },
    landed: (topic, records) => landed.inc({ topic }, records),
    deadLetters: (count) => deadLetters.inc(count),
    retried: (topic) => retried.inc({ topic }),
    fault: () => faults.inc(),
  };
}
