import type { RawJson } from '../common/http/body/raw-json.js';
import { compactJson, member, objectMembers, objectText } from '../common/json/json-scanner.js';
import type { ConversationSettings } from './conversation.js';

/**
 * The settings in a `policy` that `PolicyValidator` has accepted. Its `trigger_ratio` is a setting of the conversation:
 * it is removed from the config, so that it is stored once.
 */
export function policySettings({ value, text }: RawJson): ConversationSettings {
  const policy = value as { strategy: string; trigger_ratio?: number; config?: { trigger_ratio?: number } };
  const config = member(objectMembers(compactJson(text)), 'config');
  const members = config && config !== 'null' ? objectMembers(config) : [];
  return {
    policyStrategy: policy.strategy,
    policyConfig: objectText(members.filter(({ key }) => key !== 'trigger_ratio')),
    triggerRatio: policy.trigger_ratio ?? policy.config?.trigger_ratio ?? undefined,
  };
}
