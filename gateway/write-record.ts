// From a checked wire message to the record of the log: identified, sealed, in our own words, and written at once as
// the bytes of its schema: an object in between, and the garbage that it leaves, cost more than all of the writing.
import type { Buffer } from 'node:buffer';
import type { ExternalRef, Location, Report, Subject } from '@lachan/proto/report';
import { AvroWriter } from '../schemas/avro-writer.js';
import { reportRecordCodec } from '../schemas/record-codec.js';
import {
  AGE_BANDS,
  AUTOMATED_DECISIONS,
  CATEGORIES,
  CHANNELS,
  DETECTION_METHODS,
  ENVIRONMENTS,
  EXTERNAL_SYSTEMS,
  REPORT_KINDS,
  SOURCES,
  SUBJECT_ROLES,
  URGENCIES,
} from '../schemas/vocabulary.js';
import { PUBLIC_SUFFIX_VERSION, type CanonicalRefusal, type CanonicalUrl } from './canonicalise.js';
import { writeLocationKeyOfUrl, type Digests, type ReportIdentity } from './identify.js';
import { HASH_BYTES, HASH_DOMAINS } from './keyed-hash.js';
import { normalised } from './normalise.js';
import { SealedFields, type SealContext } from './sealed-fields.js';
import {
  writeDecision,
  writeEach,
  writeInstant,
  writeItem,
  writeOptionalBoolean,
  writeSeverity,
  writeString,
  writeSymbols,
  writeTime,
} from './write-details.js';

/** Who sends, when it came, and with which keys it is sealed. */
export interface RecordContext extends SealContext {
  readonly receivedAtMs: number;
}

/** What the log takes. The key is the authority's id as it stands in the value; a view that few logs ask for. */
class WrittenRecord {
  constructor(
    readonly value: Buffer,
    private readonly keyAt: number,
  ) {}

  get key(): Buffer {
    return this.value.subarray(this.keyAt, this.keyAt + HASH_BYTES);
  }
}

/** A guess: a report with one sealed address. */
const BYTES_PER_RECORD = 512;

/** Writes the records of one batch side by side. */
export class RecordWriter {
  readonly #writer: AvroWriter;
  readonly #sealed: SealedFields;

  constructor(
    private readonly context: RecordContext,
    records: number,
  ) {
    this.#writer = new AvroWriter(records * BYTES_PER_RECORD);
    this.#sealed = new SealedFields(context);
  }

  /**
   * Its bytes are never overwritten. `canonicalUrls` stands beside `report.locations`. `report` has
   * passed validation; nothing else may be given here.
   */
  write(
    report: Report,
    identity: ReportIdentity,
    digests: Digests,
    canonicalUrls: readonly (CanonicalUrl | CanonicalRefusal | undefined)[],
  ): WrittenRecord {
    const writer = this.#writer;
    const { environment, providerId, receivedAtMs } = this.context;
    writer.begin();
    writer.fixed(reportRecordCodec.header);
    writer.symbol(ENVIRONMENTS.indexOf(environment), ENVIRONMENTS);
    writer.string(providerId);
    writer.string(report.reportId);
    writer.whole(report.revision);
    writer.symbol(Math.max(report.kind - 1, 0), REPORT_KINDS);
    const keyAt = writer.at - writer.start;
    writer.fixed(identity.authorityReportId);
    writer.fixed(identity.recordKey);
    writer.fixed(digests.payloadDigest);
    writer.variable(digests.fieldDigests);
    writer.whole(receivedAtMs);
    writer.whole(Number(report.streamSequence));
    writer.string(report.correlationId);
    writeTime(writer, report.contentCreatedAt);
    writeTime(writer, report.incidentAt);
    writeTime(writer, report.detectedAt);
    writeTime(writer, report.decidedAt);
    writeTime(writer, report.reportedAt);
    writer.symbol(report.category, CATEGORIES);
    writeSymbols(writer, report.additionalCategories, CATEGORIES);
    writeEach(writer, report.annotations, writeString);
    writeEach(writer, report.severities, writeSeverity);
    writer.symbol(Math.max(report.urgency - 1, 0), URGENCIES);
    writer.symbol(report.channel, CHANNELS);
    writer.string(normalised(report.serviceName));
    this.#writeLocations(report, canonicalUrls);
    writeEach(writer, report.territorialScope, writeString);
    writer.string(report.contentLanguage);
    writeEach(writer, report.items, writeItem);
    writer.symbol(report.source, SOURCES);
    writer.symbol(report.detectionMethod, DETECTION_METHODS);
    writer.isPresent(report.confidence !== undefined);
    if (report.confidence !== undefined) writer.double(report.confidence);
    writeOptionalBoolean(writer, report.automatedDetection);
    writer.symbol(report.automatedDecision, AUTOMATED_DECISIONS);
    writeDecision(writer, report.decision);
    writeEach(writer, report.subjects, writeSubject);
    writeRest(writer, report);
    this.#sealed.addOthers(report);
    this.#sealed.writeTo(writer, identity.authorityReportId, report.revision);
    writer.string(PUBLIC_SUFFIX_VERSION);
    return new WrittenRecord(writer.end(), keyAt);
  }

  #writeLocations(
    { locations, serviceName }: Report,
    canonicalUrls: readonly (CanonicalUrl | CanonicalRefusal | undefined)[],
  ): void {
    const writer = this.#writer;
    if (locations.length > 0) writer.whole(locations.length);
    for (let i = 0; i < locations.length; i += 1) {
      const location = locations[i];
      const url = canonicalUrls[i];
      if (location === undefined) continue;
      if (url?.kind === 'canonical') this.#writeUrl(i, location, url);
      else this.#writeContentId(i, location, serviceName);
    }
    writer.endOfArray();
  }

  #writeUrl(index: number, { url, hostIp }: Location, canonical: CanonicalUrl): void {
    const writer = this.#writer;
    const { keyed, environment } = this.context;
    const key = writer.reserve(HASH_BYTES);
    writeLocationKeyOfUrl(keyed, environment, canonical, writer.bytes, key);
    this.#sealed.addLocation(`locations[${index}].url`, url, key - writer.start);
    writer.string(canonical.host);
    writer.string(canonical.registrableDomain);
    writer.boolean(canonical.isVnDomain);
    writer.string('');
    writer.string(hostIp === '' ? canonical.ip : hostIp);
  }

  #writeContentId(index: number, location: Location, serviceOfReport: string): void {
    const writer = this.#writer;
    const { keyed, environment, providerId } = this.context;
    const { contentId, hostIp } = location;
    const service = normalised(location.serviceName === '' ? serviceOfReport : location.serviceName);
    const key = writer.reserve(HASH_BYTES);
    keyed.begin();
    keyed.add(environment);
    keyed.add(providerId);
    keyed.add(service);
    keyed.add(contentId);
    keyed.into(HASH_DOMAINS.locationOfContentId, writer.bytes, key);
    this.#sealed.addLocation(`locations[${index}].content_id`, contentId, key - writer.start);
    writer.string('');
    writer.string('');
    writer.boolean(false);
    writer.string(service);
    writer.string(hostIp);
  }
}

function writeSubject(writer: AvroWriter, { role, ageBand }: Subject): void {
  writer.symbol(role, SUBJECT_ROLES);
  writer.symbol(ageBand, AGE_BANDS);
}

function writeRest(writer: AvroWriter, { bundle, externalRefs, attestedPeriod }: Report): void {
  writer.isPresent(bundle !== undefined);
  if (bundle !== undefined) {
    writer.string(bundle.id);
    writer.whole(bundle.incidentCount);
  }
  writeEach(writer, externalRefs, writeExternalRef);
  const { start, end } = attestedPeriod ?? {};
  const isPeriod = start !== undefined && end !== undefined;
  writer.isPresent(isPeriod);
  if (!isPeriod) return;
  writeInstant(writer, start);
  writeInstant(writer, end);
}

function writeExternalRef(writer: AvroWriter, { system, id }: ExternalRef): void {
  writer.symbol(system, EXTERNAL_SYSTEMS);
  writer.string(id);
}
