/** The query of a route that takes none: whatever is given is refused by name. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- no field is the point
export class NoQuery {}
