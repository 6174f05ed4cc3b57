import { Public } from '@fastpaca/server';
import { Controller, Get } from '@nestjs/common';

@Controller('about')
export class AboutController {
  /** Everybody may read it, without a token. */
  @Get()
  @Public()
  read(): { name: string } {
    return { name: 'Acme Support' };
  }
}
