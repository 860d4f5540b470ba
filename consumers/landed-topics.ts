// The topics whose records may be dead letters: what each is called in the log, in the store and in the name of a place.
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../log/topics.js';

export const REPORTS = { name: 'reports', topic: REPORTS_TOPIC, table: 'records' } as const;
export const TAKEDOWNS = { name: 'takedowns', topic: TAKEDOWNS_TOPIC, table: 'takedown_records' } as const;
export const LANDED_TOPICS = [REPORTS, TAKEDOWNS] as const;
export type LandedTopic = (typeof LANDED_TOPICS)[number];
