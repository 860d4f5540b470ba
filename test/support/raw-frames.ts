// A caller below HTTP/2: it writes frames as bytes (RFC 9113), and breaks the rules of the protocol where it likes.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const DATA = 0;
const HEADERS = 1;
export const RST_STREAM = 3;
const SETTINGS = 4;
export const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;
const HEADER_BYTES = 9;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frameOf(type: number, flags: number, stream: number, body: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + body.length);
  frame.writeUIntBE(body.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(stream, 5);
  frame.set(body, HEADER_BYTES);
  return frame;
}

/** RFC 7541: an integer behind a prefix of 7 bits, for the length of a text. */
function lengthOf(length: number): readonly number[] {
  if (length < 127) return [length];
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** A field that goes into no table, so that no two frames depend on each other. */
function field(name: string, value: string): Buffer {
  const text = (of: string): Buffer => Buffer.concat([Buffer.from(lengthOf(of.length)), Buffer.from(of)]);
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

/** The beginning of a call of gRPC. */
export function headersFrame(
  stream: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const all = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'lachan.example',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  };
  const block = Buffer.concat(Object.entries(all).map(([name, value]) => field(name, value)));
  return frameOf(HEADERS, END_HEADERS, stream, block);
}

export function dataFrame(stream: number, body: Uint8Array, isLast = false): Buffer {
  return frameOf(DATA, isLast ? END_STREAM : 0, stream, body);
}

/** Gives a stream up, with CANCEL. */
export function resetFrame(stream: number): Buffer {
  return frameOf(RST_STREAM, 0, stream, Buffer.of(0, 0, 0, 8));
}

/** One connection that has said hello, and counts the frames that come back. */
export class RawConnection {
  /** By type. */
  readonly frames = new Map<number, number>();
  closed = false;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.write(Buffer.concat([PREFACE, frameOf(SETTINGS, 0, 0, Buffer.alloc(0))]));
  }

  static async open(address: string): Promise<RawConnection> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Resolves when the kernel has taken the bytes, or the other side has hung up. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.closed) return resolve();
      this.socket.write(bytes, () => resolve());
    });
  }

  count(type: number): number {
    return this.frames.get(type) ?? 0;
  }

  close(): void {
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= HEADER_BYTES) {
      const length = HEADER_BYTES + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < length) return;
      const type = this.#rest.readUInt8(3);
      this.frames.set(type, this.count(type) + 1);
      this.#rest = this.#rest.subarray(length);
    }
  }
}
