/** A JSON value together with the text it was sent as, which keeps what parsing loses: key order, number spelling. */
export class RawJson {
  constructor(
    readonly value: unknown,
    readonly text: string,
  ) {}
}
