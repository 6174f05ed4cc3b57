import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { asyncApiDocument } from './asyncapi.js';
import { FRAME_SCHEMAS } from './frame-schemas.js';

describe('asyncApiDocument', () => {
  it('passes the AsyncAPI parser and lists every frame', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
    const ERROR = 0;
    expect(diagnostics.filter(({ severity }) => (severity as number) === ERROR)).toEqual([]);
    const [sent] = document?.operations().filterBySend() ?? [];
    expect(
      sent
        ?.messages()
        .all()
        .map((message) => message.name()),
    ).toEqual(Object.keys(FRAME_SCHEMAS));
  });
});
