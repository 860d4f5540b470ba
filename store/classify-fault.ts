// Decides, for every body of the store alike, whether a failed statement may be repeated. The engine's own
// message is never passed on, not even as a cause: parse errors quote the rows.
import { StoreFault } from './store.js';

/** Engine errors that the same statement will always meet again (ClickHouse, src/Common/ErrorCodes.cpp). */
const PERMANENT = new Map([
  ['6', 'CANNOT_PARSE_TEXT'],
  ['10', 'NOT_FOUND_COLUMN_IN_BLOCK'],
  ['16', 'NO_SUCH_COLUMN_IN_TABLE'],
  ['20', 'NUMBER_OF_COLUMNS_DOESNT_MATCH'],
  ['25', 'CANNOT_PARSE_ESCAPE_SEQUENCE'],
  ['26', 'CANNOT_PARSE_QUOTED_STRING'],
  ['27', 'CANNOT_PARSE_INPUT_ASSERTION_FAILED'],
  ['36', 'BAD_ARGUMENTS'],
  ['38', 'CANNOT_PARSE_DATE'],
  ['41', 'CANNOT_PARSE_DATETIME'],
  ['43', 'ILLEGAL_TYPE_OF_ARGUMENT'],
  ['44', 'ILLEGAL_COLUMN'],
  ['46', 'UNKNOWN_FUNCTION'],
  ['47', 'UNKNOWN_IDENTIFIER'],
  ['48', 'NOT_IMPLEMENTED'],
  ['50', 'UNKNOWN_TYPE'],
  ['53', 'TYPE_MISMATCH'],
  ['57', 'TABLE_ALREADY_EXISTS'],
  ['60', 'UNKNOWN_TABLE'],
  ['62', 'SYNTAX_ERROR'],
  ['69', 'ARGUMENT_OUT_OF_BOUND'],
  ['70', 'CANNOT_CONVERT_TYPE'],
  ['72', 'CANNOT_PARSE_NUMBER'],
  ['73', 'UNKNOWN_FORMAT'],
  ['81', 'UNKNOWN_DATABASE'],
  ['115', 'UNKNOWN_SETTING'],
  ['117', 'INCORRECT_DATA'],
  ['130', 'CANNOT_READ_ARRAY_FROM_TEXT'],
  ['131', 'TOO_LARGE_STRING_SIZE'],
  ['164', 'READONLY'],
  ['192', 'UNKNOWN_USER'],
  ['193', 'WRONG_PASSWORD'],
  ['194', 'REQUIRED_PASSWORD'],
  ['195', 'IP_ADDRESS_NOT_ALLOWED'],
  ['291', 'DATABASE_ACCESS_DENIED'],
  ['344', 'SUPPORT_IS_DISABLED'],
  ['349', 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN'],
  ['376', 'CANNOT_PARSE_UUID'],
  ['452', 'SETTING_CONSTRAINT_VIOLATION'],
  ['457', 'BAD_QUERY_PARAMETER'],
  ['467', 'CANNOT_PARSE_BOOL'],
  ['497', 'ACCESS_DENIED'],
  ['516', 'AUTHENTICATION_FAILED'],
  ['701', 'CLUSTER_DOESNT_EXIST'],
]);

/** Engine errors that pass, or leave open whether the block landed: named only so that an operator reads more than a number. */
const PASSING = new Map([
  ['159', 'TIMEOUT_EXCEEDED'],
  ['202', 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  ['209', 'SOCKET_TIMEOUT'],
  ['210', 'NETWORK_ERROR'],
  ['225', 'NO_ZOOKEEPER'],
  ['241', 'MEMORY_LIMIT_EXCEEDED'],
  ['242', 'TABLE_IS_READ_ONLY'],
  ['243', 'NOT_ENOUGH_SPACE'],
  ['252', 'TOO_MANY_PARTS'],
  ['285', 'TOO_FEW_LIVE_REPLICAS'],
  ['286', 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE'],
  ['319', 'UNKNOWN_STATUS_OF_INSERT'],
  ['394', 'QUERY_WAS_CANCELLED'],
  ['999', 'KEEPER_EXCEPTION'],
]);

/** The fault of a statement that the engine refused with this number. */
export function engineFault(code: string, doing: string): StoreFault {
  const permanent = PERMANENT.get(code);
  const name = permanent ?? PASSING.get(code);
  return new StoreFault(
    permanent === undefined ? 'same-block' : 'never',
    `${doing}: engine error ${code}${name === undefined ? '' : ` ${name}`}`,
    code,
  );
}

/** The store's view of an error of an engine or of the way to it; unknown ones may pass, so they are repeated. */
export function classifyFault(error: unknown, doing: string): StoreFault {
  if (error instanceof StoreFault) return error;
  const code = engineCodeOf(error);
  if (code !== undefined) return engineFault(code, doing);
  const system = systemCodeOf(error);
  const what = `no answer from the engine${system === undefined ? '' : ` (${system})`}`;
  return new StoreFault('same-block', `${doing}: ${what}`, undefined, { cause: error });
}

/** What the operating system or Node calls a failed connection, as in ECONNRESET. */
function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(error.code) ? error.code : undefined;
}

function engineCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('clickhouseCode' in error && typeof error.clickhouseCode === 'number')
    return String(error.clickhouseCode);
  if ('code' in error && typeof error.code === 'string' && /^\d+$/.test(error.code)) return error.code;
  return 'cause' in error ? engineCodeOf(error.cause) : undefined;
}
