// Decides, for every body of the store alike, whether a failed statement may be repeated. The engine's own
// message is never passed on, not even as a cause: parse errors quote the rows.
import { StoreFault } from './store.js';

/** Engine errors that the same statement will always meet again (ClickHouse, src/Common/ErrorCodes.cpp). */
const PERMANENT = new Map([
  ['6', 'CANNOT_PARSE_TEXT'],
  ['10', 'NOT_FOUND_COLUMN_IN_BLOCK'],
  ['16', 'NO_SUCH_COLUMN_IN_TABLE'],
  ['25', 'CANNOT_PARSE_ESCAPE_SEQUENCE'],
  ['26', 'CANNOT_PARSE_QUOTED_STRING'],
  ['27', 'CANNOT_PARSE_INPUT_ASSERTION_FAILED'],
  ['36', 'BAD_ARGUMENTS'],
  ['38', 'CANNOT_PARSE_DATE'],
  ['41', 'CANNOT_PARSE_DATETIME'],
  ['43', 'ILLEGAL_TYPE_OF_ARGUMENT'],
  ['46', 'UNKNOWN_FUNCTION'],
  ['47', 'UNKNOWN_IDENTIFIER'],
  ['53', 'TYPE_MISMATCH'],
  ['57', 'TABLE_ALREADY_EXISTS'],
  ['60', 'UNKNOWN_TABLE'],
  ['62', 'SYNTAX_ERROR'],
  ['69', 'ARGUMENT_OUT_OF_BOUND'],
  ['72', 'CANNOT_PARSE_NUMBER'],
  ['73', 'UNKNOWN_FORMAT'],
  ['81', 'UNKNOWN_DATABASE'],
  ['115', 'UNKNOWN_SETTING'],
  ['117', 'INCORRECT_DATA'],
  ['130', 'CANNOT_READ_ARRAY_FROM_TEXT'],
  ['131', 'TOO_LARGE_STRING_SIZE'],
  ['376', 'CANNOT_PARSE_UUID'],
  ['457', 'BAD_QUERY_PARAMETER'],
  ['467', 'CANNOT_PARSE_BOOL'],
  ['497', 'ACCESS_DENIED'],
  ['516', 'AUTHENTICATION_FAILED'],
]);

/** The store's view of an error of an engine or of the way to it; unknown ones may pass, so they are repeated. */
export function classifyFault(error: unknown, doing: string): StoreFault {
  if (error instanceof StoreFault) return error;
  const code = engineCodeOf(error);
  const name = code === undefined ? undefined : PERMANENT.get(code);
  const what =
    code === undefined ? 'no answer from the engine' : `engine error ${code}${name ? ` ${name}` : ''}`;
  return new StoreFault(
    name === undefined ? 'same-block' : 'never',
    `${doing}: ${what}`,
    code,
    code === undefined ? { cause: error } : undefined,
  );
}

function engineCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('clickhouseCode' in error && typeof error.clickhouseCode === 'number')
    return String(error.clickhouseCode);
  if ('code' in error && typeof error.code === 'string' && /^\d+$/.test(error.code)) return error.code;
  return 'cause' in error ? engineCodeOf(error.cause) : undefined;
}
