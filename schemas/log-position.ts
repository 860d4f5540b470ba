// Where a record of the reports stands, over all epochs of the log: what dead letters are named by.

export interface LogPosition {
  /** From 1. */
  readonly epoch: number;
  readonly partition: number;
  readonly offset: number;
}

/** `EPOCH:PARTITION:OFFSET`, as in the column `replay_of`. */
export function formatPosition({ epoch, partition, offset }: LogPosition): string {
  return `${epoch}:${partition}:${offset}`;
}

/** Undefined for a text that names no position. */
export function parsePosition(text: string): LogPosition | undefined {
  const match = /^([1-9]\d{0,9}):(0|[1-9]\d{0,9}):(0|[1-9]\d{0,15})$/.exec(text);
  if (match === null) return undefined;
  const position = { epoch: Number(match[1]), partition: Number(match[2]), offset: Number(match[3]) };
  return isPosition(position) ? position : undefined;
}

const MAX_UINT32 = 0xffff_ffff;

/** Whether its numbers fit into their columns. */
export function isPosition({ epoch, partition, offset }: LogPosition): boolean {
  return (
    epoch >= 1 &&
    epoch <= MAX_UINT32 &&
    partition >= 0 &&
    partition <= MAX_UINT32 &&
    offset >= 0 &&
    offset <= Number.MAX_SAFE_INTEGER
  );
}
