// Where a record stands, over all epochs of the log: what dead letters are named by.

/** What names of places call the topics; reports are meant where none is named. */
export type PositionTopic = 'reports' | 'takedowns';

export interface LogPosition {
  readonly topic: PositionTopic;
  /** From 1. */
  readonly epoch: number;
  readonly partition: number;
  readonly offset: number;
}

/** `EPOCH:PARTITION:OFFSET` of reports, `takedowns:EPOCH:PARTITION:OFFSET` of the others, as in the column `replay_of`. */
export function formatPosition({ topic, epoch, partition, offset }: LogPosition): string {
  const place = `${epoch}:${partition}:${offset}`;
  return topic === 'reports' ? place : `${topic}:${place}`;
}

/** Undefined for a text that names no position. */
export function parsePosition(text: string): LogPosition | undefined {
  const match = /^(takedowns:)?([1-9]\d{0,9}):(0|[1-9]\d{0,9}):(0|[1-9]\d{0,15})$/.exec(text);
  if (match === null) return undefined;
  const position: LogPosition = {
    topic: match[1] === undefined ? 'reports' : 'takedowns',
    epoch: Number(match[2]),
    partition: Number(match[3]),
    offset: Number(match[4]),
  };
  return isPosition(position) ? position : undefined;
}

const MAX_UINT32 = 0xffff_ffff;

/** Whether its numbers fit into their columns. */
export function isPosition({ epoch, partition, offset }: Omit<LogPosition, 'topic'>): boolean {
  return (
    epoch >= 1 &&
    epoch <= MAX_UINT32 &&
    partition >= 0 &&
    partition <= MAX_UINT32 &&
    offset >= 0 &&
    offset <= Number.MAX_SAFE_INTEGER
  );
}
