/** A refusal that the person at the command line can mend. */
export class OperationRefusal extends Error {
  override readonly name = 'OperationRefusal';
}
