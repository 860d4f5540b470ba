/** A command ends with this message and exit status; no stack is of use to whoever typed it. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault';

  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}
