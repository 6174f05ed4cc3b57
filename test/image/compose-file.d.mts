export class MissingVariableError extends Error {}

export interface ComposeService {
  image: string;
  environment: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck: { test: string[] };
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
}

export function readComposeFile(text: string, environment: Record<string, string | undefined>): ComposeFile;
