/** What depends on the model. The defaults are the strictest choice. */
export interface GeminiOptions {
  /**
   * Function calls of the current turn need their thought signature: Gemini 3 and later. Default true. For calls of another
   * model Google documents the signature `skip_thought_signature_validator`.
   */
  thoughtSignatures?: boolean;
}
