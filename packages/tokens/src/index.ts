export type { OwnClaims } from './lib/access/claims.ts'
export type { Verification, Verified } from './lib/access/verified.ts'
export { createVerifier } from './lib/access/verifier.ts'
export type { OnStale, Verifier, VerifierOptions, VerifierStats } from './lib/access/verifier.ts'
export { ClaimsNotAllowedError, ClaimsUnavailableError, RefreshKeyUnknownError } from './lib/errors.ts'
export type {
  ClaimsChanged,
  ClaimsFailed,
  KeyEvent,
  SessionCreated,
  SessionMoved,
  SessionNotDurable,
  SessionRenewed,
  SessionUsedAfterEnd,
  TokenEvent,
  TokenForged,
  TokenReused,
  TokenRevoked,
} from './lib/events.ts'
export { createSharedKeySet } from './lib/keys/create-shared-key-set.ts'
export type { SharedKeySetOptions } from './lib/keys/create-shared-key-set.ts'
export { fileKeyDocument } from './lib/keys/file-key-document.ts'
export type { FileKeyDocumentOptions } from './lib/keys/file-key-document.ts'
export { hmacKeys } from './lib/keys/hmac-keys.ts'
export type { HmacKeysOptions } from './lib/keys/hmac-keys.ts'
export { jwksKeys } from './lib/keys/jwks.ts'
export type { Jwks, JwksKeys } from './lib/keys/jwks.ts'
export { memoryKeyDocument } from './lib/keys/key-document.ts'
export type { KeyDocument, KeyDocumentState, MemoryKeyDocumentOptions, WritableKeyDocument } from './lib/keys/key-document.ts'
export { KeyDocumentError } from './lib/keys/key-document-error.ts'
export type { KeyDocumentErrorCode } from './lib/keys/key-document-error.ts'
export type { KeyDocumentEvent } from './lib/keys/key-document-events.ts'
export { createKeySet } from './lib/keys/key-set.ts'
export type { KeySet, KeySetOptions } from './lib/keys/key-set.ts'
export type { KeyTimes, PlannedKey } from './lib/keys/plan.ts'
export type { RotationOptions } from './lib/keys/rotation-options.ts'
export type { SharedKeySet, SharedKeySetStats } from './lib/keys/shared-key-set.ts'
export type { SigningKey } from './lib/keys/signing-key.ts'
export type { KeyStage, TokenKeys } from './lib/keys/token-keys.ts'
export type { Algorithm, AsymmetricAlgorithm, KeyInput, VerificationKey, VerificationKeys } from './lib/keys/verification-key.ts'
export type { EndReason, Family, RefreshPolicy } from './lib/refresh/family.ts'
export type { Presented, Stillborn } from './lib/refresh/step.ts'
export type { AccessRefusal, IssueRefusal, RefreshRefusal, Refusal } from './lib/refusals.ts'
export type { SignatureRefusal } from './lib/jws/verify.ts'
export { createTokenService } from './lib/service.ts'
export type { RefreshOptions, SessionFacts, TokenServiceOptions } from './lib/service-options.ts'
export { followRevocations } from './lib/sessions/followed-feed.ts'
export type { FollowedFeed, FollowOptions, RevocationBatch, RevocationSource } from './lib/sessions/followed-feed.ts'
export { memoryStore } from './lib/sessions/memory-store.ts'
export type { MemoryStoreOptions } from './lib/sessions/memory-store.ts'
export type { Revocable, Revocation, RevocationFeed } from './lib/sessions/revocation.ts'
export type { Created, Epochs, NewSession, Rotated, Rotation, SessionStore, StoreSettings } from './lib/sessions/store.ts'
export type {
  ClaimsUnavailable,
  Issued,
  IssueInput,
  Refreshed,
  RefreshRefused,
  SessionInfo,
  TokenPair,
  TokenService,
  TokenServiceStats,
  VerifyOptions,
} from './lib/token-service.ts'
