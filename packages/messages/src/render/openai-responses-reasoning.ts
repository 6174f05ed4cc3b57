/**
 * Whether OpenAI accepts the id of an item of the model, at each place of an input. OpenAI looks for the reasoning that the item
 * was produced with by that id, so an item is sent without its id where the reasoning may be missing:
 *
 * - after a gap, a summary or reasoning of another provider, up to the next item of the caller or the next reasoning;
 * - after reasoning that was left out, up to the next reasoning: a message of the caller may stand in the middle of an answer;
 * - in an answer without reasoning, if answers before had some.
 */
export class AnswerReasoning {
  private mayBeCut = false;
  private isLost = false;
  private hasSeenAny = false;
  private isInAnswer = false;

  /** Something may have been taken out, or another provider has reasoned. */
  cut(): void {
    this.mayBeCut = true;
    this.isInAnswer = false;
  }

  /** Reasoning of OpenAI was left out. */
  lose(): void {
    this.cut();
    this.isLost = this.hasSeenAny = true;
  }

  /** Reasoning is sent. Items cannot refer to it if it has no id. */
  send(hasId: boolean): void {
    this.mayBeCut = !hasId;
    this.isLost = false;
    this.isInAnswer = hasId;
    this.hasSeenAny = true;
  }

  /** The caller wrote an item, which usually ends an answer. */
  endAnswer(): void {
    this.mayBeCut = this.isInAnswer = false;
  }

  /** @param needsId the item cannot be sent without its id; it is then converted, so only if its reasoning is known to be missing */
  mustLoseId(needsId: boolean): boolean {
    return this.mayBeCut || this.isLost || (!needsId && this.hasSeenAny && !this.isInAnswer);
  }
}
