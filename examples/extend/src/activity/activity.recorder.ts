import { ConversationChanges, type CommittedChange } from '@fastpaca/server';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Activity } from './activity.entity.js';

/** Records every change that this node commits. */
@Injectable()
export class ActivityRecorder implements OnModuleInit, OnModuleDestroy {
  private unsubscribe?: () => void;

  constructor(
    private readonly changes: ConversationChanges,
    @InjectRepository(Activity) private readonly activity: Repository<Activity>,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.changes.subscribe((change) => this.record(change));
  }

  onModuleDestroy(): void {
    this.unsubscribe?.();
  }

  private async record({ id, kind, version }: CommittedChange): Promise<void> {
    await this.activity.insert({ tenant: id.namespace, conversation: id.id, kind, version });
  }
}
