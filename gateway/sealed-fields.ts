// What of one report nobody but the authority may read: gathered first, for the record says how many there are.
import type { Report } from '@lachan/proto/report';
import type { AvroWriter } from '../schemas/avro-writer.js';
import type { Environment } from '../schemas/vocabulary.js';
import { HASH_BYTES, HASH_DOMAINS, type KeyedHash } from './keyed-hash.js';
import { normalised } from './normalise.js';
import { boxBytes, type Sealer } from './seal.js';

/** Whose fields, and with which keys they are sealed. */
export interface SealContext {
  readonly environment: Environment;
  readonly providerId: string;
  readonly keyed: KeyedHash;
  readonly sealer: Sealer;
}

interface SealedField {
  /** Its path, as in `locations[0].url`. */
  readonly field: string;
  /** Equal texts share a token where they mean the same: `keywords[3]` and `keywords[0]` are both keywords. */
  readonly kind: string;
  readonly value: string;
  /** Of a location: where in the record its key stands, which is its token. */
  readonly keyAt: number;
}

const NO_KEY = -1;
/** An account is the same person in every report of this provider, and nobody in another's. */
const ACCOUNT = 'account';

/** The sealed fields of one report after the other: gathered, then written. */
export class SealedFields {
  #fields: SealedField[] = [];

  constructor(private readonly context: SealContext) {}

  /** As reported, not as canonicalised: the authority has to see what the provider saw. */
  addLocation(field: string, value: string, keyAt: number): void {
    this.#add({ field, kind: '', value, keyAt });
  }

  /** Everything but the locations. */
  addOthers(report: Report): void {
    const { items, subjects, keywords, decision, bundle } = report;
    for (let i = 0; i < items.length; i += 1) {
      const value = items[i]?.uploaderIp ?? '';
      if (value !== '')
        this.#add({ field: `items[${i}].uploader_ip`, kind: 'items.uploader_ip', value, keyAt: NO_KEY });
    }
    for (let i = 0; i < subjects.length; i += 1) {
      const value = subjects[i]?.account ?? '';
      if (value !== '') this.#add({ field: `subjects[${i}].account`, kind: ACCOUNT, value, keyAt: NO_KEY });
    }
    for (let i = 0; i < keywords.length; i += 1)
      this.#addText(`keywords[${i}]`, keywords[i] ?? '', 'keywords');
    this.#addText('urgency_reason', report.urgencyReason);
    this.#addText('additional_info', report.additionalInfo);
    this.#addText('retraction_reason', report.retractionReason);
    if (decision !== undefined) this.#addText('decision.legal_reference', decision.legalReference);
    if (bundle !== undefined) this.#addText('bundle.reason', bundle.reason);
  }

  /** Seals and writes all that was added, and forgets it. */
  writeTo(writer: AvroWriter, authorityReportId: Uint8Array, revision: number): void {
    const fields = this.#fields;
    if (fields.length > 0) {
      this.#fields = [];
      writer.whole(fields.length);
      for (const one of fields) {
        const { field, value } = one;
        writer.string(field);
        this.#writeToken(writer, one);
        const at = writer.lengthThenReserve(boxBytes(value));
        this.context.sealer.sealInto(writer.bytes, at, authorityReportId, revision, field, value);
      }
    }
    writer.endOfArray();
  }

  #writeToken(writer: AvroWriter, { kind, value, keyAt }: SealedField): void {
    const { keyed, environment, providerId } = this.context;
    const at = writer.reserve(HASH_BYTES);
    const { bytes, start } = writer;
    if (keyAt !== NO_KEY) {
      bytes.copyWithin(at, start + keyAt, start + keyAt + HASH_BYTES);
      return;
    }
    keyed.begin();
    keyed.add(environment);
    keyed.add(kind);
    if (kind === ACCOUNT) keyed.add(providerId);
    keyed.add(value);
    keyed.into(HASH_DOMAINS.sealedToken, bytes, at);
  }

  #addText(field: string, text: string, kind = field): void {
    if (text !== '') this.#add({ field, kind, value: normalised(text), keyAt: NO_KEY });
  }

  /** Nearly every report has one: a list that begins with it takes no more room than it needs. */
  #add(field: SealedField): void {
    if (this.#fields.length === 0) this.#fields = [field];
    else this.#fields.push(field);
  }
}
