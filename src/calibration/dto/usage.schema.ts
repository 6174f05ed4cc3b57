/** A usage report, for the documents. `UsageValidator` has its rules. */
export const USAGE = {
  title: 'Usage',
  type: 'object',
  description:
    'What the provider counted for the window that this answer was made from. The service learns the token factor of the model ' +
    'from it, some time after the response. A report of a version that is not before this append is ignored, and so is that of a ' +
    'repeated append.',
  required: ['model', 'window_version', 'input_tokens'],
  properties: {
    model: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: "The provider's name of the model",
      example: 'claude-opus-5',
    },
    window_version: {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: '`version` of the window that went to the model',
      example: 1,
    },
    input_tokens: {
      type: 'integer',
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'Tokens of the whole input: uncached, read from the cache and written to the cache. With several steps, those of the first',
      example: 2412,
    },
  },
  additionalProperties: false,
} as const;
