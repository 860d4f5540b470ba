// The same message in other bytes: everything that the protobuf encoding leaves to the sender.
import { ScalarType, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';

/** A whole number from 0 to below `bound`. */
export type Choose = (bound: number) => number;

/** Fields whose value 1 the contract counts as unspecified. */
const DEFAULT_IS_ONE: ReadonlySet<string> = new Set([
  'lachan.v1.Report.kind',
  'lachan.v1.Report.urgency',
  'lachan.v1.EventTime.precision',
]);
const nameOf = (field: DescField): string => `${field.parent.typeName}.${field.name}`;
export const countsOneAsNone = (field: DescField): boolean => DEFAULT_IS_ONE.has(nameOf(field));

/** Encodes `message` in an order and form of `choose`'s liking; decoded, it means the same. */
export function encodeAnyhow(schema: DescMessage, message: Message, choose: Choose): Uint8Array {
  return encodeMessage(reflect(schema, message), choose);
}

function encodeMessage(message: ReflectMessage, choose: Choose): Uint8Array {
  const queues = message.fields.map((field) => encodeField(message, field, choose));
  const chunks: Uint8Array[] = [];
  // Entries of one field stay in order; those of different fields come as they like.
  for (;;) {
    const waiting = queues.filter((queue) => queue.length > 0);
    const next = waiting[choose(waiting.length)]?.shift();
    if (next === undefined) return Buffer.concat(chunks);
    chunks.push(next);
  }
}

function encodeField(message: ReflectMessage, field: DescField, choose: Choose): Uint8Array[] {
  switch (field.fieldKind) {
    case 'list': {
      const entries = [...message.get(field)];
      if (field.listKind === 'enum') return enumList(field.number, entries.map(Number), choose);
      if (field.listKind === 'message') {
        return entries.map((entry) => delimited(field.number, encodeMessage(asMessage(entry), choose)));
      }
      return entries.map((entry) => delimited(field.number, Buffer.from(String(entry))));
    }
    case 'message': {
      if (!message.isSet(field)) return [];
      const whole = encodeMessage(message.get(field), choose);
      // A message that comes twice is merged.
      const twice = choose(4) === 3 ? [delimited(field.number, new Uint8Array())] : [];
      return [...twice, delimited(field.number, whole)];
    }
    case 'enum': {
      const value: number = message.get(field);
      if (countsOneAsNone(field) && value <= 1)
        return oneOf(choose, [], [0], [1]).map(varintOf(field, choose));
      return scalarList(value === 0, choose, varintOf(field, choose)(value));
    }
    case 'scalar':
      return encodeScalar(message, field, choose);
    default:
      throw new TypeError('the contract has no maps');
  }
}

function encodeScalar(
  message: ReflectMessage,
  field: DescField & { readonly fieldKind: 'scalar' },
  choose: Choose,
): Uint8Array[] {
  const implicit = field.presence === FeatureSet_FieldPresence.IMPLICIT;
  if (!implicit && !message.isSet(field)) return [];
  const value = message.get(field);
  const isDefault = implicit && (value === '' || value === 0 || value === 0n);
  switch (field.scalar) {
    case ScalarType.STRING:
      return scalarList(isDefault, choose, delimited(field.number, Buffer.from(String(value))));
    case ScalarType.DOUBLE:
      return [new BinaryWriter().tag(field.number, WireType.Bit64).double(Number(value)).finish()];
    default:
      return scalarList(isDefault, choose, varintOf(field, choose)(numeric(value)));
  }
}

/** A value that is none may be left out; one that counts may come twice: the last one holds. */
function scalarList(isDefault: boolean, choose: Choose, encoded: Uint8Array): Uint8Array[] {
  return isDefault ? oneOf(choose, [], [encoded]) : oneOf(choose, [encoded], [encoded], [encoded, encoded]);
}

function enumList(number: number, values: readonly number[], choose: Choose): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < values.length;) {
    const count = values.length - from - choose(values.length - from);
    const chunk = values.slice(from, from + count);
    from += count;
    if (choose(2) === 0)
      chunks.push(delimited(number, Buffer.concat(chunk.map((v) => varint(BigInt(v), 0)))));
    else chunks.push(...chunk.map((v) => Buffer.concat([tag(number, 0), varint(BigInt(v), choose(3))])));
  }
  return chunks;
}

/** With zeros behind the value, or with bits that its type has no room for and that are not read. */
const varintOf =
  (field: DescField, choose: Choose) =>
  (value: bigint | number): Uint8Array => {
    const padding = choose(4) === 3 ? choose(3) : 0;
    const excess = choose(8) === 7 ? excessOf(field) : 0n;
    return Buffer.concat([tag(field.number, 0), varint(BigInt(value) + excess, padding)]);
  };

function excessOf({ scalar }: DescField): bigint {
  switch (scalar) {
    case ScalarType.BOOL:
      return 0n;
    case ScalarType.UINT64:
    case ScalarType.INT64:
      return 2n ** 64n;
    default:
      return 2n ** 32n;
  }
}

function numeric(value: unknown): bigint {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return BigInt(value);
  throw new TypeError('a value that is no number');
}

const tag = (number: number, wireType: number): Uint8Array => varint(BigInt(number * 8 + wireType), 0);

const delimited = (number: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([tag(number, 2), varint(BigInt(bytes.length), 0), bytes]);

/** With `padding` groups of zeros behind the value. */
export function varint(value: bigint, padding: number): Uint8Array {
  const groups: number[] = [];
  let rest = value;
  do {
    groups.push(Number(rest & 0x7fn));
    rest >>= 7n;
  } while (rest > 0n);
  for (let i = 0; i < padding && groups.length < 10; i += 1) groups.push(0);
  return Uint8Array.from(groups, (group, i) => (i < groups.length - 1 ? group | 0x80 : group));
}

function oneOf<T>(choose: Choose, ...options: readonly T[][]): T[] {
  return options[choose(options.length)] ?? [];
}

function asMessage(entry: unknown): ReflectMessage {
  if (typeof entry === 'object' && entry !== null && 'fields' in entry) return entry as ReflectMessage;
  throw new TypeError('an entry that is no message');
}
