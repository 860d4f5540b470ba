// Example data. TO BE CONFIRMED BY A LAWYER before any of it is used: articles, hours, what pauses them, dates.
// Vietnam is at UTC+07:00 all year, so a law that takes effect on a day does so at 17:00 UTC of the day before.
// Locking of accounts after repeated violations (Decree 147/2024) is not about a location and not among these.

const note = 'Example, to be confirmed by a lawyer.';

/** As `readRules` takes it. */
export const VIETNAM_EXAMPLE: unknown = [
  {
    id: 'law-116-2025-art-25-2',
    version: 1,
    article: 'Law on Cybersecurity 116/2025/QH15, article 25(2)',
    note,
    validFrom: '2026-07-01T00:00:00+07:00',
    validTo: null,
    trigger: 'NOTICE_ISSUED',
    categories: null,
    urgencies: ['ROUTINE'],
    hosts: null,
    limitHours: 24,
    pausedBy: ['HOLD'],
  },
  {
    id: 'law-116-2025-art-25-2-urgent',
    version: 1,
    article: 'Law on Cybersecurity 116/2025/QH15, article 25(2), urgent cases',
    note,
    validFrom: '2026-07-01T00:00:00+07:00',
    validTo: null,
    trigger: 'NOTICE_ISSUED',
    categories: null,
    urgencies: ['EXPEDITED', 'IMMINENT_RISK'],
    hosts: null,
    limitHours: 6,
    pausedBy: ['HOLD'],
  },
  {
    id: 'decree-147-2024-request',
    version: 1,
    article: 'Decree 147/2024/ND-CP, request of the authority',
    note,
    validFrom: '2024-12-25T00:00:00+07:00',
    validTo: null,
    trigger: 'NOTICE_ISSUED',
    categories: null,
    urgencies: null,
    hosts: null,
    limitHours: 24,
    pausedBy: ['HOLD'],
  },
  {
    id: 'decree-147-2024-complaint',
    version: 1,
    article: 'Decree 147/2024/ND-CP, well-founded complaint of a user',
    note,
    validFrom: '2024-12-25T00:00:00+07:00',
    validTo: null,
    trigger: 'COMPLAINT_FOUNDED',
    categories: null,
    urgencies: null,
    hosts: null,
    limitHours: 48,
    pausedBy: ['HOLD'],
  },
];
