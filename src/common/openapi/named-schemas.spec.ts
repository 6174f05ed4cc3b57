import { describe, expect, it } from '@jest/globals';
import { nameSchemas } from './named-schemas.js';

const ROLE = { title: 'Role', type: 'string', enum: ['user', 'tool'] };

describe('nameSchemas', () => {
  it('moves schemas with a title to the components, and leaves references', () => {
    const event = { title: 'Event', type: 'object', properties: { role: ROLE, title: { type: 'string' } } };
    expect(
      nameSchemas({
        info: { title: 'API' },
        paths: [{ schema: event }, { schema: { type: 'array', items: event } }, { schema: ROLE }],
      }),
    ).toEqual({
      info: { title: 'API' },
      paths: [
        { schema: { $ref: '#/components/schemas/Event' } },
        { schema: { type: 'array', items: { $ref: '#/components/schemas/Event' } } },
        { schema: { $ref: '#/components/schemas/Role' } },
      ],
      components: {
        schemas: {
          Event: {
            type: 'object',
            properties: { role: { $ref: '#/components/schemas/Role' }, title: { type: 'string' } },
          },
          Role: { type: 'string', enum: ['user', 'tool'] },
        },
      },
    });
  });

  it('renames components that have a title, together with the references to them', () => {
    const document = {
      paths: [{ $ref: '#/components/schemas/EventDto' }, { $ref: '#/components/schemas/Other' }],
      components: {
        headers: { kept: { schema: ROLE } },
        schemas: { EventDto: { title: 'Event', type: 'object' }, Other: { type: 'object' } },
      },
    };
    expect(nameSchemas(document)).toEqual({
      paths: [{ $ref: '#/components/schemas/Event' }, { $ref: '#/components/schemas/Other' }],
      components: {
        headers: { kept: { schema: { $ref: '#/components/schemas/Role' } } },
        schemas: {
          Event: { type: 'object' },
          Other: { type: 'object' },
          Role: { type: 'string', enum: ['user', 'tool'] },
        },
      },
    });
  });

  it('does not change examples and other data', () => {
    const data = { title: 'Role', type: 'string' };
    const paths = [{ example: data, examples: { one: { value: data } }, default: data }];
    expect(nameSchemas({ paths })).toEqual({ paths, components: { schemas: {} } });
  });

  it('rejects two different schemas with the same title', () => {
    const other = { ...ROLE, enum: ['user'] };
    expect(() => nameSchemas({ paths: [ROLE, other] })).toThrow('Two different schemas are called Role');
  });
});
