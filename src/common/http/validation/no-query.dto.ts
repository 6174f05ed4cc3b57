/** The query of a route without query parameters: every parameter is rejected as unknown. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- it has no fields on purpose
export class NoQuery {}
