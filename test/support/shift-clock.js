// Loaded before a program, in each of its threads (node --import): its clock is ahead of the machine's by as many
// milliseconds as stand in the file that SHIFT_CLOCK_FILE names, and jumps when the file is written.
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;
const file = process.env['SHIFT_CLOCK_FILE'] ?? '';
const RealDate = Date;
const realNow = Date.now.bind(Date);
let shiftMs = 0;
let lookedMs = -Infinity;

function now() {
  if (performance.now() - lookedMs > LOOK_EVERY_MS) {
    lookedMs = performance.now();
    shiftMs = Number(readFileSync(file, 'utf8'));
  }
  return realNow() + shiftMs;
}

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [now()] : parts));
  }
  static now() {
    return now();
  }
};
