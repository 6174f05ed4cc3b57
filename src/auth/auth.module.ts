import { Module } from '@nestjs/common';
import { Authorizer } from './authorizer.js';
import { BrowserAccess } from './browser-access.js';

@Module({ providers: [Authorizer, BrowserAccess], exports: [Authorizer, BrowserAccess] })
export class AuthModule {}
