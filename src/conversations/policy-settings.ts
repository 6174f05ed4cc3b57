import type { RawJson } from '../common/http/body/raw-json.js';
import { compactJson, member, objectMembers, objectText } from '../common/json/json-scanner.js';
import type { ConversationSettings } from './conversation.js';

/**
 * The settings in a policy that `PolicyValidator` found nothing wrong with. A ratio in it is a setting of the conversation,
 * not of the policy: it is taken out of the config, so that it stands in one place only.
 */
export function policySettings({ value, text }: RawJson): ConversationSettings {
  const policy = value as { strategy: string; trigger_ratio?: number; config?: { trigger_ratio?: number } };
  const config = member(objectMembers(compactJson(text)), 'config');
  const kept =
    config && config !== 'null' ? objectMembers(config).filter(({ key }) => key !== 'trigger_ratio') : [];
  return {
    policyStrategy: policy.strategy,
    policyConfig: objectText(kept),
    triggerRatio: policy.trigger_ratio ?? policy.config?.trigger_ratio ?? undefined,
  };
}
