import { PolicyConfigReader, RegisterPolicy } from '@fastpaca/server/policies';
import type { LiveEvent, Timeline, WindowPolicy } from '@fastpaca/server/policies';
import { Injectable } from '@nestjs/common';

interface RolesConfig {
  roles: readonly string[];
}

/** Keeps the messages of the roles in its config. */
@Injectable()
@RegisterPolicy({ strategy: 'roles' })
export class RolesPolicy implements WindowPolicy<RolesConfig> {
  readonly timeless = true; // does not depend on the clock: Fastpaca may cache its windows

  parseConfig(raw: Record<string, unknown>): RolesConfig {
    const config = new PolicyConfigReader(raw);
    const roles = config.strings('roles', ['user']);
    config.finish();
    return { roles };
  }

  async *select(timeline: Timeline, { roles }: RolesConfig): AsyncGenerator<LiveEvent> {
    for await (const event of timeline.newestFirst()) if (roles.includes(event.role)) yield event;
  }
}
