import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { asyncApiDocument } from './asyncapi.js';
import { FRAME_SCHEMAS } from './frame-schemas.js';

describe('the AsyncAPI document', () => {
  it('is valid by the parser of AsyncAPI, and has every frame', async () => {
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
