// Recognises media that was written as text. Media has no place in a report, in whatever disguise.

/**
 * From how many characters on a text is searched for encoded bytes: 512 of base64 are 384 bytes, too few for
 * a picture worth the name and more than any digest, token or name of the contract needs.
 */
export const MIN_ENCODED = 512;

/** An unbroken run of hexadecimal has to be this long: no digest has more than 288 digits (PhotoDNA). */
const MIN_HEXADECIMAL = 1024;

/** Wrapped base64 has lines of 64 (PEM) or 76 (MIME); words, and identifiers in a list, are shorter. */
const MIN_LINE = 60;

/** Base64 has at least this share of each class, as has everything that is not a few bytes over and over. */
const MIN_SHARE = 1 / 32;

/** How JPEG, PNG, GIF, RIFF (WebP, WAV, AVI), MP4 and its kin, Matroska and PDF begin in base64. */
const SIGNATURES = [
  ...['/9j/2', '/9j/4', '_9j_2', '_9j_4', '%2F9j%2F2', '%2F9j%2F4', '%2f9j%2f2', '%2f9j%2f4'],
  ...['iVBORw0K', 'R0lGOD', 'UklGR', 'GZ0eXB', 'GkXfo', 'JVBERi0'],
];

/** How far behind `data:` its comma is looked for. */
const MAX_MEDIA_TYPE = 128;

const BREAK = 0;
const SPACE = 1;
const DIGIT = 2;
const HEXADECIMAL_LETTER = 3;
const LETTER = 4;
const CAPITAL = 5;
const SYMBOL = 6;

const classes = new Uint8Array(128);
for (const [members, value] of [
  [' \t\r\n', SPACE],
  ['0123456789', DIGIT],
  ['abcdefABCDEF', HEXADECIMAL_LETTER],
  ['ghijklmnopqrstuvwxyz', LETTER],
  ['GHIJKLMNOPQRSTUVWXYZ', CAPITAL],
  ['+/-_', SYMBOL],
] as const) {
  for (const member of members) classes[member.charCodeAt(0)] = value;
}

const classOf = (code: number): number => classes[code] ?? BREAK;

/**
 * Whether a text of the report carries encoded media: a data URI of any length (percent-encoded or not), or,
 * from `MIN_ENCODED` characters on, the beginning of a known format in base64, or a long run of base64
 * (unbroken or wrapped in lines) or of hexadecimal (unbroken).
 *
 * Long runs inside an http or https URL do not count: addresses signed by a storage service carry tokens of
 * a thousand characters, and a report that names one must not be lost. Neither do lists of digests. Linear.
 */
export function looksLikeMedia(text: string): boolean {
  return holdsDataUri(text) || (text.length >= MIN_ENCODED && (holdsSignature(text) || holdsLongRun(text)));
}

/** Whether base64 in `text` begins like a media format; for texts of `MIN_ENCODED` characters or more. */
export function holdsSignature(text: string): boolean {
  for (const signature of SIGNATURES) if (text.includes(signature)) return true;
  return false;
}

function holdsDataUri(text: string): boolean {
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    if (endsScheme(text, at) && namesMediaType(text, at + 1)) return true;
  }
  for (let at = text.indexOf('%3'); at !== -1; at = text.indexOf('%3', at + 2)) {
    const colon = text.startsWith('A', at + 2) || text.startsWith('a', at + 2);
    if (colon && endsScheme(text, at) && namesMediaType(text, at + 3)) return true;
  }
  return false;
}

/** Whether the word that ends before `end` is `data`: not `metadata`, but `%3Ddata` is. */
function endsScheme(text: string, end: number): boolean {
  if ((text.charCodeAt(end - 1) | 0x20) !== 0x61 || text.slice(end - 4, end).toLowerCase() !== 'data')
    return false;
  const before = classOf(text.charCodeAt(end - 5));
  return before === BREAK || before === SPACE || before === SYMBOL || text.charAt(end - 7) === '%';
}

/** Whether `type/subtype,` or `;base64,` follows, as in RFC 2397. */
function namesMediaType(text: string, start: number): boolean {
  const [type = '', rest] = text
    .slice(start, start + MAX_MEDIA_TYPE)
    .toLowerCase()
    .split(/,|%2c/, 2);
  if (rest === undefined || /\s/.test(type)) return false;
  return type.includes('/') || type.includes('%2f') || type.endsWith('base64');
}

function holdsLongRun(text: string): boolean {
  const run = new Run();
  let inUrl = false;
  for (let at = 0; at < text.length; at += 1) {
    const kind = classOf(text.charCodeAt(at));
    if (kind > SPACE) {
      if (!inUrl) run.take(kind);
      continue;
    }
    if (run.isEncoded()) return true;
    if (kind === SPACE) {
      run.wrap();
      inUrl = false;
    } else {
      run.end();
      inUrl ||= text.startsWith('://', at) && /https?$/i.test(text.slice(Math.max(0, at - 5), at));
    }
  }
  return run.isEncoded();
}

/** Characters of base64 in a row, over the ends of long lines. */
class Run {
  private total = 0;
  private unbroken = 0;
  private readonly counts = [0, 0, 0, 0, 0, 0, 0];

  take(kind: number): void {
    this.total += 1;
    this.unbroken += 1;
    this.counts[kind] = this.count(kind) + 1;
  }

  /** White space: the run goes on if this may have been the end of a line. */
  wrap(): void {
    if (this.unbroken > 0 && this.unbroken < MIN_LINE) this.end();
    this.unbroken = 0;
  }

  end(): void {
    this.total = 0;
    this.unbroken = 0;
    this.counts.fill(0);
  }

  isEncoded(): boolean {
    if (this.total < MIN_ENCODED) return false;
    const least = this.total * MIN_SHARE;
    if (this.count(DIGIT) < least) return false;
    if (this.count(LETTER) >= least && this.count(CAPITAL) >= least) return true;
    const onlyHexadecimal = this.count(DIGIT) + this.count(HEXADECIMAL_LETTER) === this.total;
    return onlyHexadecimal && this.count(HEXADECIMAL_LETTER) >= least && this.unbroken >= MIN_HEXADECIMAL;
  }

  private count(kind: number): number {
    return this.counts[kind] ?? 0;
  }
}
