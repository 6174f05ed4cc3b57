import '../check-node-version.js';
import 'reflect-metadata';

// The public names of `@fastpaca/server`. docs/extending.md is their guide; every other file of the package is private.

export { bootstrap, type BootstrapOptions } from '../bootstrap.js';
export {
  FastpacaModule,
  type FastpacaModuleAsyncOptions,
  type FastpacaModuleOptions,
} from '../fastpaca.module.js';
export { useFastpaca } from '../http/http-setup.js';
export { UndeclaredScopeError } from '../http/declared-scopes.js';
export type { Service } from '../service.js';
export { AppConfig, InvalidConfigError } from '../config/app-config.js';

export type { Authenticator } from '../auth/authenticator.js';
export { CurrentPrincipal } from '../auth/current-principal.decorator.js';
export type { Principal } from '../auth/principal.js';
export { Public, RequireScope } from '../auth/require-scope.decorator.js';
export { SCOPES, type Scope } from '../auth/scopes.js';

export type { Calibration, ConversationCalibration } from '../calibration/calibration.js';
export { CalibrationService } from '../calibration/calibration.service.js';
export type { UsageReport } from '../calibration/usage-report.js';
export { ConversationId } from '../common/conversation-id.js';
export type { RawJson } from '../common/http/body/raw-json.js';
export { jsonValue } from '../common/json/json-value.js';
export {
  ConversationChanges,
  type ChangeKind,
  type CommittedChange,
} from '../conversations/conversation-changes.js';
export type {
  Conversation,
  ConversationRecord,
  PolicyInput,
  SettingsInput,
} from '../conversations/conversation.js';
export type { ConversationPage, ListRequest } from '../conversations/conversation-lists.js';
export type { ListOrder } from '../conversations/list-cursor.js';
export { ConversationsService } from '../conversations/conversations.service.js';
export type { EventInput, EventObject, NewTurn } from '../events/event-input.js';
export { EventsService } from '../events/events.service.js';
export type { EventPage } from '../events/log-pages.js';
export type { PageRequest } from '../events/page-range.js';
export type { LoggedEvent, SeqRange, StoredEvent } from '../events/stored-event.js';
export type { AppendedEvent, AppendedTurn } from '../events/turn-appender.js';
export type {
  Compacted,
  CompactionPage,
  CompactionPageRequest,
  CompactionWarning,
  ListedCompaction,
  Withdrawal,
} from '../compaction/compaction.js';
export {
  CompactionService,
  type NewCompaction,
  type RangeCompaction,
} from '../compaction/compaction.service.js';
export { WindowService } from '../window/window.service.js';
export type { ReadPromptOptions, ReadWindowOptions, WindowPreview } from '../window/window-options.js';
export type { ExplainedRun, ExplainReason, PrefixChange, WindowExplanation } from '../window/explanation.js';
export type { GroupSize } from '../window/group-size.js';
export type { WindowPrefix } from '../window/prefix.js';
export type { PromptWindow, Segment, Window, WindowTotals } from '../window/window.js';
export type { WindowMessage, WindowMessageFields } from '../window/window-message.js';

export { RegisterReadinessIndicator, type ReadinessIndicator } from '../health/readiness-indicator.js';
export { Metrics } from '../metrics/metrics.js';

export { AppError, type Violation } from '../common/errors/app-error.js';
export {
  ForbiddenError,
  InvalidPayloadError,
  UnauthorizedError,
  UnavailableError,
} from '../common/errors/common.errors.js';
export {
  CompactionNotFoundError,
  CompactionReplacedError,
  CompactionUndoneError,
  RangeGapError,
  RangeOverlapError,
} from '../compaction/compaction.errors.js';
export {
  ConversationErasedError,
  ConversationNotFoundError,
  TombstonedError,
  VersionMismatchError,
} from '../conversations/conversations.errors.js';
export { ErasureService, type ErasureReceipt } from '../erasure/erasure.service.js';
export { IdempotencyConflictError } from '../events/events.errors.js';
