/** What depends on the model or the request. The defaults are the strictest choice. */
export interface OpenAiResponsesOptions {
  /** The request has `store: true` and so had the requests before, so that items can be named by their id. Default false. */
  store?: boolean;
  /** The answers come from a reasoning model, so that an item with an id was produced with a reasoning item. Default true. */
  reasoningModel?: boolean;
}
