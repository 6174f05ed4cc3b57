import type { RouteOptions } from 'fastify';

/** The hooks that Fastpaca adds around a request. */
export type HookName = 'onRequest' | 'preParsing' | 'preHandler' | 'onSend' | 'onResponse';
export type Hook<Name extends HookName> = Extract<
  NonNullable<RouteOptions[Name]>,
  (...args: never[]) => unknown
>;

/** Where hooks are added: to all routes of a Fastify instance, or to some. */
export interface HookTarget {
  addHook<Name extends HookName>(name: Name, hook: Hook<Name>): void;
}
